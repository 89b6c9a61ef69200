// Owns the Chinese words of the pages beside the call: what was (history), what is known (knowledge), one's own day, the rules in force.

export const HISTORY = {
  call: "通话", ticket: "工单", none: "还没有通话和工单。市民打进来以后，每通一行列在这里。",
  noMatch: "没有找到。号码可以只写开头，内容可以只写一两个词；也可以放宽右边的条件。",
  failed: "暂时查不了，稍后自动再试。", denied: "本账号没有查询的权限。",
  missing: { calls: "通话库暂时没有响应，通话没有列全。", tickets: "工单库暂时没有响应，工单没有列全。" }, unknown: "还不知道有没有，稍后自动再取。",
  count: (n, more) => `${n} 条${more ? "以上" : ""}`, rowName: (kind, at) => `${at} 的${kind}`, has: "录音", out: "呼出", running: "进行中",
  ofCall: (at) => `来自 ${at} 的通话`,
};

export const KNOWLEDGE = {
  none: "还没有知识。班长或管理员写好的办事口径、政策问答会列在这里。", noMatch: (q) => `没有和“${q}”有关的知识。换一两个关键词，或请班长补上。`,
  near: "没有同时含有这些词的，下面是相近的：", newest: "最近更新", found: (n) => `${n} 篇`, failed: "知识库暂时连不上，已显示的仍可看。", noArticle: "选一篇，在这里看全文。",
  states: { valid: "", soon: "即将到期", expired: "已过期，勿答复", withdrawn: "已停用" },
  until: (day) => `有效至 ${day}`, always: "长期有效", allLines: "两条线路", of: (version, name, at) => `第 ${version} 版 · ${name} · ${at}`,
  versions: "历次版本", current: "现在的一版", noNote: "没有写说明", quote: (title, text) => `【${title}】${text}`, quoted: "已写进记录。", cannotQuote: "现在没有打开的记录，不能写入。",
  newTitle: "写一篇", editTitle: (title) => `修改：${title}`, saved: "已保存，坐席现在就能查到。", away: "没有保存，写的都在，请再按一次。",
  conflict: (message) => `${message} 下面是别人刚保存的一版；确认以您写的为准，请再按一次保存。`, sureLeave: "写了一半还没有保存。",
  withdraw: "停用", restore: "恢复使用", empty: "–",
};

export const RETURNS = {
  none: "这段时间没有认定为不当的退单。不同意退单时选“属于不当退单”，就记在这里。", away: "暂时取不到，稍后自动再取。", count: (n) => `共 ${n} 件`,
  asked: (at) => `${at} 申请退单`, withdrawn: (at, who) => `${at} 经审核撤销（${who}）`,
};

export const OWN_DAY = {
  names: { answered: "今天接听", dialled: "呼出接通", average_talk_s: "平均通话", longest_talk_s: "最长通话", average_after_call_s: "平均话后整理", paused_s: "小休合计" },
  count: (n) => `${n} 通`, since: (at) => `${at} 起`, notYet: "今天还没有就绪过",
};

export const RULES = {
  whats: { dispatch: "派发", sign: "签收", contact: "先行联系", reply: "答复", return: "退单", follow_up: "回访" },
  starts: { same_day: "当日计入", next_day: "次日起算" }, none: "没有期限", all: "全部", others: "其余", otherSources: "其他来源",
  when: { is_complex: ["复杂", "不复杂"], is_urgent: ["紧急", "不紧急"], is_safety: ["安全生产", "非安全生产"], has_topic: ["有专题", "无专题"], caller_kind: { citizen: "市民", enterprise: "企业" } },
  from: (day) => `${day} 起`, holds: "执行中", idle: "", years: (years) => `节假日安排已公布到 ${years.at(-1) ?? "–"} 年。以后的年份先按周末推算，期限标“暂定”，公布后自动重算。`,
  trouble: ({ file, line, what }) => `规定文件有错，仍按原来的执行。${[file, line ? `第 ${line} 行` : "", what].filter(Boolean).join("，")}`, failed: "暂时取不到，稍后自动再试。",
  extension: (rule) => (rule ? `延期：至多 ${rule.amount} ${{ working_days: "个工作日", calendar_days: "天", hours: "小时", rolling_hours: "小时", months: "个月" }[rule.measure] ?? ""}，${rule.approver === "centre" ? "中心" : "单位负责人"}批准，${rule.before_expiry ? "到期前提出" : "不限何时提出"}，${rule.times} 次` : "延期：没有规定"),
  keeping: ({ audio_years: audio, text_years: text }) => `保存：录音${audio ? ` ${audio} 年` : "未规定"}，文字${text ? ` ${text} 年` : "未规定"}`,
  right: "权限",
  states: { comes: "还没到", holds: "执行中", over: "已过" }, neverChosen: "没有改用过：按城市文件里写的执行。", withdraw: "撤回", withdrawOf: (line, day) => `撤回 ${line} ${day} 起的改用`,
  meaning: (line, name, day, isToday) => `${day} ${isToday ? "起（马上执行）" : "零时起"}，${line}新登记的工单按“${name}”计算期限；已经登记的不变。`, same: (line, name) => `${line}现在执行的就是“${name}”。`,
  chosen: "已定下。", withdrawn: "已撤回。", notDone: "没有办成，请再试一次。",
};

// One short name an act of agent_desktop/rights.yaml; a role has it or has it not.
export const RIGHTS = {
  see_calls: "通话记录", see_full_numbers: "看完整号码、按号码查", see_live: "实时状态", see_day: "现场与今日数字", see_metrics: "监控指标",
  use_phone: "电话", call_back: "待回呼", lead_floor: "结束小休、签出坐席", write_draft: "来电工单", listen_own: "听本人录音", listen_all: "听全部录音",
  manage_topics: "等候公告", see_parties: "通讯录", manage_parties: "改通讯录", make_tokens: "接口令牌", manage_people: "人员、队列、小休原因", see_audit: "审计记录", see_keeping: "录音保存期限", manage_holds: "依法保全录音", manage_training: "选培训录音",
  see_tickets: "全部工单", see_unit_tickets: "本单位工单", write_ticket: "登记、受理、答复", dispatch_ticket: "派发", handle_ticket: "签收、办理、申请延期和退单",
  approve_extension: "单位内批延期", advise_ticket: "答复请示", settle_dispute: "裁定承办责任", see_returns: "不当退单台账", decide_ticket: "审延期、退单、答复，办结", archive_ticket: "归档", note_ticket: "写备注", export_tickets: "导出", file_tickets: "接口建单",
  see_units: "承办单位、规定", manage_units: "改承办单位", manage_rules: "改用规定", see_knowledge: "知识库", manage_knowledge: "写知识库",
};
