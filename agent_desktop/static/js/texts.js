// Owns every Chinese word that the pages' scripts show; templates own theirs.

export const STATES = {
  offline: "未就绪", ready: "就绪", dialling: "呼出中", ringing: "来电", talking: "通话中", held: "保持中",
  paused: "小休", wrap_up: "话后整理", unregistered: "电话未接通",
};

export const STATE_HINTS = {
  reached: "市民已接听，正在播放录音告知",
  offline: "准备好后按 Alt+R，开始接听",
  ready: "有来电时会振铃，并在这里打开工单",
  ringing: "按 Alt+A 接听",
  dialling: "正在接通市民，按 Alt+X 放弃",
  talking: "", held: "市民正在听等待音乐，按 Alt+H 取回",
  paused: "小休中不派来电，按 Alt+R 恢复",
  wrap_up: "到时自动就绪，按 Alt+R 现在就绪",
  unregistered: "电话接通之前不会派来电",
};

export const HINTS = {
  muted: "已静音，市民听不到您", lastKnown: "上次所知的状态", watching: "现场监看", noMicrophone: "麦克风可用后才能就绪", more: (n) => `另有 ${n} 项`,
  paused: (why) => `${why} · 按 Alt+R 恢复`,
  ringing: (line) => `来电，${line}，按 Alt 加 A 接听`,
  ringingHardware: (line) => `来电，${line}，请在话机上接听`, pickUp: "请在话机上接听", onHardware: "通话在话机上",
};

// The queue's own reasons; those that agents choose come with the live view (pause_reasons.yaml and what the city changed).
export const PAUSE_REASONS = {
  missed: "未接来电后暂停",
  rejected: "拒接后暂停", ring_timeout: "未接来电后暂停", no_answer: "未接来电后暂停",
};

export const PHASES = {
  greeting: "听迎接语", waiting: "排队", ringing: "振铃", talking: "通话", held: "保持", joined: "多方通话", duty: "转值班电话", party: "转外部单位", dialling: "呼出", ended: "已结束",
};

export const AGENT_STATES = {
  offline: "离线", ready: "就绪", dialling: "呼出", ringing: "振铃", talking: "通话", held: "保持", paused: "小休", wrap_up: "话后",
};

export const OUTCOMES = {
  answered: "已接听", abandoned: "市民放弃", callback: "待回呼", duty: "转值班电话", party: "转外部单位", lost: "中断",
  busy: "占线或拒接", no_answer: "无人接听", failed: "未接通",
};
export const DIAL_FAILED = {
  busy: "未接通：对方占线", no_answer: "未接通：无人接听", declined: "未接通：对方拒接", unknown_number: "未接通：空号",
  unavailable: "未接通：外线打不出去",
};
export const DIRECTIONS = { in: "", out: "呼出" };

export const ENDED_BY = { caller: "市民挂机", agent: "坐席挂机", duty: "外线挂机", party: "外部单位挂机", system: "系统结束" };

// One short sentence per kind of the timeline; a function gets the facts of the event.
export const EVENTS = {
  call_arrived: (f) => `市民拨通 ${f.line ?? ""}`.trim() + (f.withheld ? "（号码保密）" : "") + (f.recovered ? "（补登）" : ""),
  call_dialled: (f) => `坐席 ${f.agent ?? ""} 呼出，显示 ${f.line ?? ""}` + (f.recovered ? "（补登）" : ""),
  citizen_answered: () => "市民接听，先听录音告知",
  talk_started: () => "开始通话",
  dial_failed: (f) => DIAL_FAILED[f.reason] ?? "未接通",
  greeting_started: () => "开始播放迎接语",
  notice_played: (f) => (f.complete === false ? "录音告知被跳过" : "录音告知播放完毕") + (f.menu ? `，按键 ${f.menu}` : ""),
  recording_started: () => "开始录音",
  recording_paused: (f) => `坐席 ${f.agent ?? ""} 暂停录音，保护隐私`,
  recording_resumed: (f) => `录音恢复${reason(RESUMED, f.by)}`,
  queue_entered: (f) => (f.by === "fallback" ? "进入排队（由交换机自行处理）" : "进入排队"),
  agent_rung: (f) => `坐席 ${f.agent ?? ""} 振铃`,
  agent_missed: (f) => `坐席 ${f.agent ?? ""} 未接${reason(MISSED, f.reason)}`,
  agent_answered: (f) => `坐席 ${f.agent ?? ""} 接听`,
  hold_started: () => "通话保持，市民听等待音乐",
  hold_ended: () => "恢复通话",
  agent_left: (f) => `坐席 ${f.agent ?? ""} 离开通话${CAUSES[f.cause] ? `（${CAUSES[f.cause]}）` : ""}`,
  agent_awaited: (f) => `坐席 ${f.agent ?? ""} 页面中断，等待恢复`,
  agent_resumed: (f) => `坐席 ${f.agent ?? ""} 恢复通话`,
  requeued: (f) => `重新排队${reason(REQUEUED, f.reason)}`,
  duty_rung: () => "值班电话振铃",
  duty_answered: () => "值班电话接听",
  callback_noted: () => "已登记回呼",
  fallback_entered: () => "改由交换机自行处理",
  adopted: () => "程序恢复后接回此通",
  party_rung: (f, nameOf) => `转接${nameOf(f.party) || "外部单位"}`,
  party_answered: (f, nameOf) => `${nameOf(f.party) || "外部单位"}接听`,
  party_failed: (f, nameOf) => `${nameOf(f.party) || "外部单位"}未接或已离开，转人工`,
  call_ended: (f) => `通话结束${ENDED_BY[f.by] ? `（${ENDED_BY[f.by]}）` : ""}`,
  gap: (f) => `此处缺少 ${f.lost ?? "若干"} 条记录`,
};

const MISSED = { rejected: "拒接", timeout: "超时", no_answer: "超时", unreachable: "电话不在线", busy: "占线" };
const REQUEUED = { telephone_vanished: "坐席未恢复", agent_lost: "坐席掉线", agent_left: "坐席离开", no_answer: "无人接听" };
const RESUMED = { agent: "坐席恢复", time: "到时自动恢复", left: "坐席离开通话", end: "通话结束" };
const CAUSES = { 16: "正常挂机", 44: "媒体中断" };
const reason = (words, code) => (words[code] ? `（${words[code]}）` : "");

export const LINK = {
  connecting: "实时连接中", connected: "实时正常", down: "实时中断", stale: "实时不可用",
};

export const PHONE = {
  starting: "电话启动中", registering: "电话注册中", registered: "电话正常", unregistered: "电话未接通",
  elsewhere: "电话在另一页面", none: "本账号无电话", forbidden: "不可使用电话",
  preparing: "电话准备中", displaced: "电话在别处登录", hardware: "话机", hardware_gone: "话机不在线",
};

export const QUALITY = { none: "通话质量 –", good: "通话质量 良好", fair: "通话质量 一般", poor: "通话质量 差" };

export const NOTICES = {
  link: "与服务器的连接中断，正在重连。实时信息暂不可用，电话照常。",
  live: "实时信息暂不可用，电话照常。",
  asterisk: "电话交换机没有应答，正在恢复；已写的内容都在。",
  watchdog: "后备值守未运行，电话照常。",
  records: "通话记录更新延迟，电话照常。",
  recordings: "录音的整理或保存有异常，请告诉管理员（make doctor 写明原因）。电话照常，声音没有丢。",
  tickets: "记录暂时存不进服务器，先保存在本机，恢复后自动补存。",
  relay: "电话信令中断，通话中的声音不受影响。",
  ledger: "通话流水写入异常，已转入内存暂存。",
  phone: "电话未接通，正在重新注册；接通之前不会派来电。",
  mic_asking: "请在浏览器的提示里允许使用麦克风，然后才能就绪。",
  mic_refused: "浏览器没有允许使用麦克风，市民会听不到您。请点地址栏左侧的图标，允许麦克风，再刷新本页。",
  mic_missing: "没有找到麦克风。请插好耳麦，再刷新本页。",
  mic_insecure: "此网址不是加密连接，浏览器不提供麦克风。请改用 https 网址。",
  expired: "登录已过期。已写的内容保存在本机，请重新登录。",
  sound: "浏览器暂未允许铃声，请在页面任意处点一下。",
  forbidden: "本账号没有使用电话的权限，请联系管理员。",
  preparing: "电话还没有准备好：调度程序暂时没有响应，正在自动重试；接通之前不会派来电。",
  hardware_gone: "话机不在线，派不到来电。请检查话机的电源、网线和注册密码。",
  displaced: "您的账号在别处登录并用了电话。要在这里用，请退出后重新登录。",
  elsewhere: "本页现在不接电话；另一页面关闭后，电话自动移到这里。",
};

export const CALL_END = {
  Canceled: "来电已取消（市民挂机或已转给他人）", "Rejected": "已拒接", "No Answer": "超时未接，来电已转给他人",
  "User Denied Media Access": "没有麦克风，无法接听，来电会转给他人",
  "RTP Timeout": "声音中断，本机已结束这通电话", "Internal Error": "接听失败，来电会转给他人",
  "WebRTC Error": "浏览器无法接通声音，来电会转给他人", "Connection Error": "电话信令中断",
  remote: "对方已挂机", local: "已挂机", lost: "通话已结束",
};

export const DRAFT = {
  empty: "写下的内容会自动保存", saved: (t) => `已保存 ${t}`, saving: "正在保存…", unsaved: "未保存，停顿片刻后自动保存",
  offline: "服务器暂时存不进，已保存在本机，恢复后自动补存",
  refused: (m) => `服务器没有接受：${m || "原因未知"}。内容仍保存在本机。`,
  conflict: (who) => `${who ? `${who} ` : "另一处"}也改过这份记录，没有覆盖任何一方。`,
  unbound: "没有取得来电编号，先写在这里，取得后自动保存",
};

export const TICKET = {
  stillUrgent: "紧急：已呼叫救援，对方未接，请先问安全",
  urgent: (party) => `紧急：市民按键求助${party}，对方未接，请先问安全`,
  withheld: "号码保密：市民要求不公开",
  labels: { in: ["等待", "来电"], out: ["接通用时", "呼出"] },
  unknownNumber: "号码未显示", unknownLine: "线路待确认", noEarlier: "此号码没有以前的通话",
  earlierLater: "以前的通话暂时取不到，稍后自动再取", loading: "正在取…",
  noTimeline: "经过会随通话逐条出现",
  over: (t) => `已结束 · 通话 ${t}`, overMissed: "已结束 · 未接听",
};

export const BUTTONS = {
  asked: "已请求…", ready: "就绪", pause: "小休", hold: "保持", unhold: "取回", mute: "静音", unmute: "取消静音",
};

export const ACKS = {
  stale_intent: "请求太迟，没有执行，请再按一次", repeated_intent: "请求已执行过", asterisk_down: "电话交换机没有应答，没有执行",
  unknown_call: "这通电话已经不在了", hold_refused: "保持没有成功，通话照常，请再按一次",
  take_over_refused: "另一页面正在通话，等它结束再移过来", still_unsaved: "有一份记录只存在本机，再按一次“退出”仍会退出", timeout: "没有收到确认，请看左上角的状态再决定", link: "实时连接中断，暂时改不了状态",
};

export const QUEUE = {
  none: "无人排队", waiting: (n) => `${n} 人排队`, unknown: "?", unknownWaiting: "暂时不知道有没有人在等。",
  noWaiting: "没有人在等；有人排队时列在这里。", noAgents: "还没有坐席登录。坐席登录后，每人一行。",
  unreachable: "电话不在线", sinceArrival: "距来电",
  summary: (ready, busy, paused) => `就绪 ${ready} · 忙 ${busy} · 小休 ${paused}`,
};

export const FLOOR = {
  total: "合计", unknownLine: "线路未知", hiddenNumber: "号码未显示", outgoing: "呼出", urgent: "！紧急", third: (stage, who) => `${stage} ${who}`,
  service: (s) => `${s} 秒接起率`, low: (target) => `低于目标 ${target}`, lastKnown: (t) => `上次所知 ${t}`,
  how: (s, formula, connect, service) => `零点起 · 接起率 = ${formula}，${s} 秒从要求人工算起 · 目标 接通 ${connect} 接起 ${service} · 等待从第一句提示音算起`,
  formulas: {
    strict: "时限内接起 ÷（接起 + 放弃）", early_abandoned_count: "（时限内接起 + 时限内放弃）÷（接起 + 放弃）",
    answered_only: "时限内接起 ÷ 接起", late_abandoned_only: "时限内接起 ÷（接起 + 时限后放弃）",
  },
  noCallers: "没有人在等。有人打进来时，按先后列在这里。", unknownCallers: "暂时不知道有没有人在等。", unknownAgents: "暂时不知道坐席的状态。",
  rings: (id) => `${id} 振铃`, because: (state, reason) => `${state} · ${reason}`, left: (t) => `剩 ${t}`,
  agents: (n) => `就绪 ${n.ready} · 振铃 ${n.ringing} · 通话 ${n.talking} · 话后 ${n.wrap_up} · 小休 ${n.paused}`,
  endPause: "结束小休", endWrapUp: "结束话后", signOut: "签出",
  pauseEnded: (who) => `已请 ${who} 恢复接听`, signedOut: (who) => `已签出 ${who}`, refused: "没有执行，请看最新状态再试。",
  confirm: (who, state) => ({
    title: `签出 ${who}？`,
    text: state === "ringing" ? "正在向这位坐席振铃，签出后来电转给他人。" : "这位坐席正在通话。签出后这通电话不会断，结束后不再派来电。",
  }),
};

export const CALLBACKS = {
  none: "没有要回呼的市民。等候中放弃、或听到“会给您回电”的来电，接通以前列在这里。", loading: "正在取…",
  unknown: "暂时取不到名单，稍后自动再取。", failed: "没有拨出，请再试一次。",
  noAnswer: "您的电话没有接起，没有拨出，请再点一次。", pickUp: "请接起您的话机，接起后自动拨给市民。",
  withheld: (n) => `另有 ${n} 位未显示号码`, times: (n) => `${n} 次`,
  kinds: { in_danger: "求助救援未接通", promised: "已答应回电", cut_off: "通话中断", gave_up: "等候中放弃" },
  dial: "回呼", asked: "已请求…", because: (why) => `，${why}`,
  untried: "还没有拨过", tried: (n, at, outcome) => `拨过 ${n} 次 · ${at} ${outcome}`, dialledBy: (agent) => `坐席 ${agent} 正在拨打`,
  done: "了结…", doneName: (number) => `了结 ${number}`, reasons: { solved: "已解决", unwanted: "不需要回呼", unreachable: "联系不上" },
};

export const SIGN_IN = {
  wrong: "账号或密码不对，请再试。", empty: "请填写账号和密码。",
  locked: (t) => `试错次数过多，此账号锁定到 ${t}。`, lockedNoTime: "试错次数过多，此账号已暂时锁定。",
  down: "暂时连不上服务器，什么也没有丢；请稍后再试。", busy: "正在登录…", idle: "登录",
};

export const PASSWORD = {
  empty: "请填写现在的密码。", differ: "两次写的新密码不一样。", wrong: "现在的密码不对。", done: "已改好，下次登录请用新密码。",
  down: "暂时连不上服务器，密码没有改。",
};

export const PEOPLE = {
  away: "暂时连不上服务器，什么也没有改。", count: (n) => `${n} 人`, later: (done) => `${done}电话一侧等调度程序恢复后自动生效。`,
  roles: { agent: "坐席", supervisor: "班长", administrator: "管理员", auditor: "审计员", clerk: "工单员", unit: "承办人", unit_head: "单位负责人", service: "接口" },
  kinds: { page: "网页", hardware: "话机" }, noTelephone: "话机（未生成密码）", firstQueue: "默认", noExtension: "无",
  noUnit: "请选择", officer: (role, unit) => `${role}（${unit ?? "未定单位"}）`,
  isEnabled: "在用", isDisabled: "已停用", sure: (words) => `确定${words}？`,
  add: "加人", change: "修改", changeOf: (name) => `修改 ${name}`, save: "保存", password: "新密码", telephone: "话机密码",
  disable: "停用", enable: "恢复", remove: "删除",
  added: (name) => `已加 ${name}。`, changed: (name) => `已改 ${name}。`, removed: (name) => `已删除 ${name}。`,
  enabled: (name) => `${name} 可以登录了。`, disabledDone: (name) => `已停用 ${name}，其登录与电话已失效。`,
  made: (title) => `已生成${title}。`, passwordOf: (name) => `${name}的新密码`, telephoneOf: (name) => `${name}的话机密码`,
  facts: { server: "服务器", user: "用户名", login: "账号", password: "密码" },
  reason: { code: "代号", name: "名称", position: "顺序", active: "可选", add: "加一个", saved: (name) => `小休原因“${name}”已保存。` },
};

export const RECORDING_PAUSE = {
  pause: "暂停录音", resume: "恢复录音", asked: "已请求…", hint: (left) => `录音已暂停，${left} 后自动恢复`,
  said: "录音已暂停", saidAgain: "录音已恢复",
};

export const PLAYER = {
  main: "录音", third: "第三方录音", left: "市民", right: "坐席等", place: "播放位置", why: "理由", choose: "请选择收听理由", words: "说明（有的理由必填）", noNames: "理由和说明永久留在审计里，不要写市民的姓名、电话、地址。",
  listen: "收听", download: "下载", controls: "播放", play: "播放", stop: "暂停", space: "空格", speed: "速度", silence: "跳过静音", before: "上一处", next: "下一处",
  noteWords: "在这一秒写一条批注", jot: "批注", remove: "删除", removeNote: (text) => `删除批注“${text}”`, jumpTo: (t, words) => `跳到 ${t}，${words}`,
  states: { pending: "录音还在整理，稍后再看。", failed: "录音没有整理成功，请联系管理员。", missing: "录音文件不在原处，已报警。", deleting: "录音正按保存期限删除。", deleted: "录音已按保存期限删除。" },
  altered: "这段录音与写下时不一样：文件被改过或坏了，不能当作原样的凭据，已报警。",
  sayWhy: "请先选收听理由，会记入审计。", away: "录音暂时取不到，请稍后再试。", expired: "收听时间已过，请重新说明理由。", broken: "录音放不出来：可能没有权限，或文件正在整理。请再按收听。",
};

export const CALLS = {
  none: "还没有通话。市民打进来以后，每通一行列在这里。", noMatch: "没有符合条件的通话。",
  failed: "暂时取不到通话列表，稍后自动再取。", loading: "正在取…", denied: "本账号没有查看通话的权限。",
  noRecording: "这通没有录音。", later: "录音在通话结束后几秒内整理好。", detailFailed: "暂时取不到这通的经过，请关上再打开。",
  rowName: (t) => `${t} 的通话`, has: "录音", course: "经过", recording: "录音", id: "通话编号 ", 
  listening: "上为市民，下为坐席与提示音。每次收听和下载都要说明理由，并记入审计。", count: (n, more) => `${n} 通${more ? "以上" : ""}`,
};

export const TITLE = { ring: (line) => `来电 ${line}`.trim() + " · 热线桌面", base: "热线桌面" };
export const NOTIFY = { title: (line) => `${line || "热线"} 来电`, body: "回到热线桌面，按 Alt+A 接听" };

export const TOPICS = {
  on: "播放中", off: "未播放", start: "开启", stop: "停止", away: "暂时连不上服务器，没有改动；请稍后再试。",
  onSince: (by, t) => `${by} ${t} 开启`, offSince: (t) => `${t} 停止`,
  choose: (line) => `${line} 的公告录音`, until: (line) => `${line} 的结束时间`,
  started: (line) => `${line} 已开启公告。`, stopped: (line) => `${line} 已停止公告。`, uploaded: (name) => `已添加录音“${name}”。`,
  noRecordings: "还没有录音。在下面上传，或由管理员把 WAV 文件放进数据目录的 announcements 文件夹。",
};
