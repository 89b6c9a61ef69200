// Owns the Chinese words of tickets: the form at the desk, the list, one ticket, its acts, its print, the units.

const WEEKDAYS = "日一二三四五六";

export const WHEN = {
  day: (month, day, weekday) => `${month}月${day}日（周${WEEKDAYS[weekday]}）`,
  short: (month, day, weekday) => `${month}月${day}日 周${WEEKDAYS[weekday]}`, before: (day) => `${day}前`, at: (day, clock) => `${day} ${clock} 前`,
  left: (amount) => `还有 ${amount}`, late: (amount) => `超期 ${amount}`,
  days: (n) => `${n} 天`, hours: (n) => `${n} 小时`, minutes: (n) => `${n} 分钟`,
};

export const FORM = {
  noChoice: "没有这一项", field: { "12328": "领域", "12345": "事项", other: "事项" },
  chooseFirst: "选好类别，法定期限马上显示在这里。",
  noLimit: "这一类没有规定期限。", away: "暂时算不出期限，正在重试；不影响记录。",
  provisional: "暂定",
  callerNumber: (number) => `来电号码 ${number}`, noNumber: "回复市民用的号码",
  made: (number, stage) => `工单 ${number} · ${stage}`,
  needs: { source: "请先选来源。", klass: "请先选类别。", field: (name) => `请先选${name}。`, title: "请写一句标题。", text: "请写下市民说的内容。", real_name: "这个专题要问来电人是否愿意留实名。", name: "留实名的请写姓名。" },
  noCatalogue: "工单目录还没有取到，暂时不能办理；记录照常保存。",
  unsaved: "记录还没有存到服务器，工单没有办理。已写的内容保存在本机，恢复后请再按一次。",
  changed: "这份记录刚被别处改过，工单没有办理。请看过后再按一次。",
  failed: "没有办成，已写的内容都在，请再按一次。",
  names: {
    klass: "类别", field: "领域", area: "区域", topic: "专题", caller_kind: "来电人", title: "标题", happened_at: "时间", place: "地点", object: "涉及对象", name: "姓名",
    number: "联系电话", address: "住址", is_urgent: "紧急", is_safety: "安全生产", is_secret: "保密", is_complex: "复杂",
    real_name: "实名",
  },
};

export const ACT = {
  send: "确认", sending: "正在办理…", needed: (name) => `请填写“${name}”。`,
  yes: "是", no: "否", optional: "可不填", choose: "请选择",
  noSuggestion: "按类别、领域和地点没有找到对应单位，请输入名称或拼音首字母选择。",
  suggestLater: "建议暂时取不到，请自行选择单位。", tell: "请告诉市民", basis: "依据", remove: (name) => `去掉 ${name}`,
  onDuty: (name, phone) => `现在值班：${name} ${phone}`, phone: (phone) => `电话 ${phone}`,
  titles: { answer: "即时答复并办结", refuse: "不予受理", accept: "受理，转工单员派发", dispatch: "受理并派发", void: "无效来电", ask_superior: "请示上级" },
  most: (n) => `，最多 ${n}`, units: { hours: "小时", rolling_hours: "小时", working_days: "个工作日", calendar_days: "天", months: "个月" },
};

// One name a fact of an act (tickets/life.py); the forms of the acts stand in act_form.js.
export const FACTS = {
  answer: "答复内容", code: "情形", reason: "理由", kind: "情形", unit: "承办单位", co_units: "协办单位", note: "备注", spoken_to: "与谁通话",
  reached: "联系上了", ground: "延期的原因", amount: "申请延长", basis: "依据", suggestion: "建议转给", days: "法定工作日数", law: "法律法规名称和条款",
  facts: "查明的事实", process: "办理过程", satisfied: "市民满意", solved: "问题解决", into: "并入的工单编号", text: "内容", changes: "更正的内容", question: "请示什么",
  improper: "属于不当退单", members: "联合审核参加人", way: "方式", whom: "向谁催办", said: "说了什么", when: "什么时候（不是刚才的才填）",
  copies: "抄送", not_copied: "没有抄送（单位库里没有）",
};

export const LIST = {
  failed: "暂时取不到工单，正在重试；刚才的列表仍在下面。", none: "还没有工单。坐席受理来电后，每件一行列在这里。",
  noMatch: "没有符合条件的工单。可以放宽上面的条件。", count: (n) => `${n} 件`, total: (n, all) => (all > n ? `${n} / ${all} 件` : `${n} 件`),
  views: { open: "未办结", mine: "我经手的", accepted: "待派发", late: "已超期", today: "今天到期", returned: "退单待审", replied: "答复待审", checked: "待回访", closed: "待归档", all: "全部", dispatched: "待签收", doing: "办理中" },
  left: { late: "已超期", today: "今天到期", soon: "三天内到期", calm: "三天以后", none: "没有期限" },
  atOnce: "应立即派发", rowName: (number) => `工单 ${number}`, selected: (n) => `已选 ${n} 件`, urgent: "紧急", safety: "安全", provisional: "暂定",
  bulkDone: (ok) => `已派发 ${ok} 件。`, bulkFailed: (n) => `${n} 件没有派发，原因写在各行下面：`, pickUnit: "请先选单位。",
  saved: (name) => `已存为“${name}”。`, removed: (name) => `已删除“${name}”。`, nameFirst: "请给这组条件起个名字。", removeView: (name) => `删除常用筛选 ${name}`,
};

export const ONE = {
  failed: "暂时取不到这件工单。", notFound: "没有这件工单，或您无权查看。", later: "稍后自动再试。", changed: "这件工单刚被别人办理过，已换成最新的；您写的内容还在，请看过再确认。",
  done: (act) => `已办：${act}`, none: "–", masked: "对本单位保密", noActs: "现在没有您能办的事项。", noAttachments: "还没有附件。", noCall: "不是电话来的，没有通话。",
  callAway: "通话记录暂时取不到，稍后再看。", noRecording: "没有录音。", mayNotListen: "您无权收听这通录音。", mayNotSee: "您无权查看这通来电的通话记录。",
  kept: (at) => `已于 ${at} 完成`, keptLate: (at) => `${at} 完成，超期`, suspended: "暂停计时", provisional: "暂定，假期安排公布后重算",
  uploading: (name) => `正在上传 ${name}…`, uploaded: (name) => `已添加 ${name}。`, tooLarge: (mb) => `文件太大，最大 ${mb} MB。`, removed: (name) => `已删除 ${name}。`, remove: "删除",
  size: (bytes) => (bytes >= 1048576 ? `${(bytes / 1048576).toFixed(1)} MB` : `${Math.max(1, Math.round(bytes / 1024))} KB`),
  yes: "是", flags: { is_urgent: "紧急", is_safety: "安全生产", is_secret: "来电人要求保密", is_complex: "复杂事项" }, phoneDuty: "须同时电话通知承办单位，还没有登记",
  content: {
    source: "来源", klass: "类别", field: "领域", topic: "专题", area: "区域", caller_kind: "来电人", happened_at: "发生时间", place: "地点", object: "涉及对象",
    name: "姓名", number: "联系电话", address: "住址", real_name: "是否实名",
  },
  whyCorrected: "更正的理由", co: "协办：", copies: "抄送（只看不办）：", callerDuty: "延期已同意，还没有告知来电人；联系后登记“联系来电人”",
  chase: (limit, at) => `${limit}期限已于 ${at} 提醒，还没有结果，请催办`,
  disputes: { contested: (units, why) => `${units}对不同意退单有异议：${why}`, disowned: (units, why) => `${units}都认为不是本单位的事：${why}` },
  disputed: "承办责任正在审核，等待裁定", settled: (unit) => `已裁定由 ${unit} 承办`, settledWhy: (why, basis) => `${why}（依据：${basis}）`,
  settledBy: (who, at, members) => `${who} ${at} 裁定${members ? `，联合审核：${members}` : ""}`,
  doubt: (who, question) => `请示（${who}）：${question}`, decided: (who, answer) => `答复（${who}）：${answer}`, waiting: "还没有答复",
  expired: "登录已过期，没有办成。您写的内容还在：请在新标签页重新登录，再回来确认。", nothingChanged: "没有改动任何一项。", notSent: "没有办成，您写的内容还在，请再按一次。",
};

export const PRINT = {
  printed: (at, who) => `${at} 由 ${who} 打印`, none: "–", stage: "阶段", unit: "承办单位", co: "协办单位", copies: "抄送", made: "登记", dispatched: "派发",
  requests: "请在期限内签收、联系来电人并书面答复查明的事实、办理过程和依据。", flags: (words) => `本件：${words}。`, secret: "来电人要求保密，不得向被反映人透露。", profile: (name) => `期限按 ${name} 执行。`,
};

export const UNITS = {
  away: "暂时连不上服务器，什么也没有改。", none: "还没有单位。", noMatch: "没有符合条件的单位。", count: (n) => `${n} 个单位`, add: "加单位", change: "修改", changeOf: (name) => `修改 ${name}`, remove: "删除",
  added: (name) => `已加 ${name}。`, changed: (name) => `已改 ${name}。`, removed: (name) => `已删除 ${name}。`, top: "（最上级）", inactive: "已停用", onlyReads: "只收抄送", own: "本市改过", nobody: "–",
  allAreas: "全市", noDuty: "–", unknownWord: (word) => `没有叫“${word}”的类别、领域或区域。`,
  days: { working: "工作日", off: "休息日", every: "每天" }, between: "、", person: ({ name, post, phone }) => [name, post, phone].filter(Boolean).join(" "),
  contact: { name: "姓名", post: "职务", phone: "电话" }, shift: { days: "日子", from: "从", to: "到", name: "谁", phone: "电话", first: "起", last: "止" },
  duty: { lines: "线路", classes: "类别", fields: "领域", words: "关键词" },
};

export const ROWS = { remove: "去掉这一行" };

// What a step keeps beside its act; personal data comes masked from the server.
export const STEP = {
  limits: (told) => `期限：${told}`, until: (name, day) => `${name} ${day}`, changed: (name, before, after) => `${name}：${before || "（空）"} → ${after || "（空）"}`, fact: (name, value) => `${name}：${value}`,
  wished: "建议承办单位", amount: (n, unit) => `${n} ${unit}`,
};

export const NOTICE = {
  audiences: { unit: "告知承办单位", head: "告知单位负责人", centre: "告知中心", leadership: "报告领导", person: "告知本人" },
  kinds: {
    dispatched: "新工单", co_handling: "协办", withdrawn: "已撤回", phone_duty: "须电话通知", forwarded: "转派下级", extension_asked: "申请延期", extension_granted: "同意延期", extension_refused: "不同意延期",
    return_asked: "申请退单", return_granted: "同意退单", return_refused: "不同意退单", suspended: "暂停计时", resumed: "恢复计时", overridden: "法定时限", corrected: "内容更正", replied: "已答复", supplement: "要求补充",
    rework: "退回重办", merged: "已并单", copied: "抄送", copy_closed: "抄送件办结", doubt_asked: "请示", doubt_decided: "请示已答复", return_contested: "退单异议", review_called: "联合审核", dispute_settled: "责任裁定", chased: "催办", reported_up: "催办上报", remind: "临近期限", due: "到期", overdue: "已超期", escalate: "升级催办", recounted: "期限重算",
  },
  none: "没有新的提醒。工单临近期限、超期或需要您处理时，列在这里。",
};
