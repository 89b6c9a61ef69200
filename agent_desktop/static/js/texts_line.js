// Owns the Chinese words for a call with somebody else on the line, for the directory and for alarms.

import { duration } from "./times.js";

export const FAILED = { busy: "占线", no_answer: "无人接听", declined: "拒接", unknown_number: "空号", unavailable: "外线打不出去" };
export const KINDS = { emergency: "紧急", hotline: "热线", higher_hotline: "上级热线", utility: "水电气热", unit: "承办单位", expert: "专家" };
const ROLES = { citizen: "市民", agent: "坐席", third: "第三方" };

/** The third by the words an agent uses for it; whoever has no name is the number that was typed. */
export const whoIs = (target, typed = "") => target.name || (target.agent ? `坐席 ${target.agent}` : target.queue || typed || ROLES.third);

/** A name inside a sentence: what begins or ends with a figure or letter keeps its distance from the characters beside it. */
export const apart = (name) => `${/^[\w+]/.test(name) ? " " : ""}${name}${/\w$/.test(name) ? " " : ""}`;

// Stage of a call -> [what it is, who hears whom], as the call's agent reads it; `f` is {third, failed, number, waited}.
export const STAGES = {
  none: () => ["没有通话", "有电话时，这里显示谁和谁在通话、谁听得到谁。"],
  ringing: () => ["来电", "接听后可以请第三方上线。"],
  dialling: () => ["呼出", "市民接听后才能请第三方上线。"],
  single: () => ["通话", "您与市民互相听得到，没有第三方。"],
  held: () => ["保持", "市民听音乐，听不到您。"],
  placing: () => ["请稍候", "正在准备线路，马上完成。"],
  talk: () => ["通话", "您与市民互相听得到，没有第三方。"],
  parked: () => ["市民等候", "市民听音乐，听不到您。"],
  calling: (f) => ["呼叫中", `正在呼叫${f.third}，市民听音乐，听不到您。`],
  adding: (f) => ["呼叫中", `正在呼叫${f.third}，您与市民照常通话。`],
  consult: (f) => ["征询", `您与${f.third}通话；市民听音乐，听不到。`],
  swapped: (f) => ["与市民通话", `您与市民通话；${f.third}听音乐，听不到。`],
  three: (f) => ["三方通话", `市民、您、${f.third}互相都听得到。`],
  handed: (f) => ["已交接", `市民与${f.third}通话，您已退出。`],
  led: (f) => ["已转出", `正在把市民接到${f.third}。`],
  alone: () => ["市民等候", "线上只剩市民，几秒后排到队列最前。"],
  sought: (f) => ["市民等候", `您已离开，正在继续呼叫${f.third}。`],
  rescue_on: (f) => ["市民已离线", `您与${f.third}继续通话，挂断即结束。`],
  lost: () => ["通话中断", "您这一端断了，市民还在线上。"],
};
// The same for an agent who was asked to join: there the third is "you".
export const STAGES_ASKED = {
  ...STAGES,
  calling: (f) => ["请您上线", `${f.agent}先与您商量，市民听音乐，听不到。`],
  adding: (f) => ["请您上线", `接听后与${f.agent}、市民三方通话。`],
  consult: (f) => ["商量", `${f.agent}与您通话；市民听音乐，听不到。`],
  swapped: (f) => ["请稍候", `${f.agent}在与市民通话，您听音乐。`],
  three: (f) => ["三方通话", `市民、${f.agent}、您互相都听得到。`],
  rescue_on: (f) => ["市民已离线", `您与${f.agent}继续通话。`],
};

export const LINE = {
  citizen: ROLES.citizen, you: "您", third: "第三方", hidden: "号码未显示", agent: (id, name) => [id, name].filter(Boolean).join(" "),
  talks: "通话", music: "听音乐", dialling: "呼叫中", ringing: "振铃", waits: "等候", gone: "已退出", muted: "被静音", led: "转接中",
  attempt: (attempt, of) => (of > 1 ? `第 ${attempt}/${of} 次` : ""),
  emergencyCalling: (f) => ["紧急呼叫", `正在呼叫${f.third}，您与市民照常通话，请告诉市民号码 ${f.number}。`],
  emergencyThree: (f) => ["紧急三方通话", `${f.third}已接听${f.waited == null ? "" : `（${f.waited} 秒）`}，请留在线上，直到对方接手。`],
  failed: (f) => ["没有接通", `${f.third}${FAILED[f.failed] ?? "没有接听"}，市民没有断开。`],
  emergencyFailed: (f) => ["紧急呼叫未接通", `${f.third}${FAILED[f.failed] ?? "无人接听"}。请再呼一次，或请市民记下 ${f.number}。`],
  refused: (message) => ["没有执行", message],
  unseen: "实时信息暂不可用，看不到进展，请听线路。", sentUnseen: (name, message) => ["已发出", [name, message].filter(Boolean).join("：")],
  dropFirst: (third) => `${third}还在线上，请先按“请出第三方”。`,
  refusedEmergency: (name, message) => ["没有呼出", `${name}：${message}`],
  offline: "与服务器的连接中断，命令发不出去，请告诉市民自行拨打。", timeout: "没有收到确认，请看线路再决定。",
  mute: (who) => `静音${who}`, unmute: (who) => `取消静音${who}`, asked: "已请求…", cancel: "取消呼叫", drop: "请出第三方",
  sent: (digits) => `已发送 ${digits}`, keysTo: (who) => `按键发给${who}`, keypadFailed: "没有发出，请再按。",
};

export const EMERGENCY = {
  asked: "已请求…", dialling: "呼叫中", answered: "已接通", failed: "未接通",
  call: "紧急呼叫 ",
};

export const TRANSFER = {
  kinds: { party: "", agent: "坐席", queue: "队列", number: "号码" },
  none: "没有找到。可按名称、拼音首字母或号码查找，也可以直接输入号码。", away: "通讯录暂时取不到，紧急号码照常可用。",
  closed: "非工作时间", favourite: "收藏", unfavourite: "取消收藏", typed: "直接拨打", queue: "回到队列",
  tell: (text) => `请告诉市民：${text}`, pick: "先选一个单位、坐席或队列。",
  toQueue: "市民回到这个队列，您退出。", toAgent: "市民的记录随电话一起过去。",
  sure: "再按一次确认", blind: "直接转出", several: (number, n) => `${number} 等 ${n} 个`,
};

const who = (facts, nameOf) => nameOf(facts.party) || (facts.to ? `坐席 ${facts.to}` : "") || (facts.queue ? "队列" : "") || ROLES.third;
const WAYS = { consult: "征询", add: "三方", emergency: "紧急呼叫", blind: "直接转出", requeue: "转回队列", menu: "菜单按键" };
const STAGE_NAMES = {
  placing: "准备线路", talk: "坐席与市民通话", parked: "市民听音乐等候", calling: "呼叫第三方，市民听音乐", adding: "呼叫第三方，坐席与市民照常通话",
  consult: "坐席与第三方通话，市民听音乐", swapped: "坐席与市民通话，第三方听音乐", three: "三方通话", handed: "市民与第三方通话，坐席已退出",
  led: "正在转出市民", alone: "只剩市民在线", sought: "坐席已离开，继续呼叫救援", rescue_on: "市民已离线，坐席与第三方继续",
};
const ENDINGS = {
  returned: "回到坐席", handed: "已交给第三方", led: "已转出", cancelled: "已取消", failed: "没有接通", citizen_left: "市民先挂机", alone: "市民被留下，回到队列", unseen: "结束经过没有记录",
};
const RESULTS = { answered: "已接听", cancelled: "已取消" };
const LAST = { citizen: "市民最后离开", agent: "坐席最后离开", third: "第三方最后离开" };
const BY = { citizen: "市民", agent: "坐席", third: "对方", system: "系统" };
const inBrackets = (words) => (words ? `（${words}）` : "");

// One short sentence per kind of record; (facts, nameOf) where nameOf(key) tells a party's name.
export const LINE_EVENTS = {
  third_asked: (f, nameOf) => `${f.by ? `坐席 ${f.by} ` : ""}${WAYS[f.way] ?? "转接"}：${who(f, nameOf)}`,
  third_dialled: (f) => `拨打第三方${f.of > 1 ? `，第 ${f.attempt}/${f.of} 次` : f.attempt > 1 ? `，第 ${f.attempt} 次` : ""}`,
  third_answered: (f) => `第三方接听${f.waited_s == null ? "" : `，等了 ${duration(f.waited_s)}`}`,
  third_failed: (f) => `这一次没有接通${inBrackets(FAILED[f.result])}`,
  third_missed: (f) => `第三方没有接通${inBrackets(FAILED[f.result])}`,
  third_left: (f) => `第三方离开${inBrackets(f.by && BY[f.by] ? `${BY[f.by]}挂机` : "")}`,
  stage_entered: (f) => STAGE_NAMES[f.stage] ?? f.stage ?? "",
  party_dialled: (f, nameOf) => `拨打${nameOf(f.party) || "所留号码"}${f.of > 1 ? `，第 ${f.attempt}/${f.of} 次` : ""}`,
  party_missed: (f) => `这一次没有接通${inBrackets(FAILED[f.result])}`,
  citizen_alone: () => "只剩市民在线，听提示后排到最前",
  agent_took_over: (f) => `坐席 ${f.agent ?? ""} 接手这通电话`,
  taken_back: (f) => `坐席 ${f.agent ?? ""} 接回这通电话`,
  transfer_ended: (f) => `转接结束：${ENDINGS[f.outcome] ?? f.outcome ?? ""}${inBrackets(LAST[f.last])}`,
};

export const EVIDENCE = {
  title: "转接", segments: "第三方的录音", noName: ROLES.third, agent: (id) => `坐席 ${id}`, queue: (key) => `队列 ${key}`, result: (r) => RESULTS[r] ?? FAILED[r] ?? "没有接通",
  way: (way) => WAYS[way] ?? "转接", ending: (outcome) => ENDINGS[outcome] ?? "进行中", last: (last) => LAST[last] ?? "",
  attempt: (n, number, trunk, result) => [`第 ${n} 次`, number, trunk, result].filter(Boolean).join(" · "), waited: (s) => `等 ${duration(s)}`,
  noRight: "只有参加的坐席和有权的人可以听。", later: "还在整理。", failed: "没有整理成功。", of: (n) => (n == null ? "不知道属于哪次转接" : `第 ${n} 次转接`),
};

export const ALARM = {
  none: "没有紧急呼叫。", states: { calling: "正在呼叫", answered: "已接听", failed: "无人接听，请立即处理" },
  agent: (id, name) => `坐席 ${[id, name].filter(Boolean).join(" ")}`, menu: "市民按键求助", more: (n) => `另有 ${n} 起`,
  title: (name) => `！${name} · 现场`, what: (alarm) => (alarm.state === "calling" ? `${ALARM.states.calling} ${alarm.name}` : `${alarm.name} ${ALARM.states[alarm.state] ?? ""}`),
  notice: (alarm) => `紧急呼叫 ${alarm.name} ${{ calling: "进行中", answered: "已接听", failed: "无人接听" }[alarm.state] ?? ""}，请看现场`,
};

export const DIRECTORY = {
  away: "暂时连不上服务器，什么也没有改。", none: "没有符合的单位。", count: (n) => `${n} 个单位`,
  add: "加单位", change: "修改", changeOf: (name) => `修改 ${name}`, remove: "删除",
  added: (name) => `已加 ${name}。`, changed: (name) => `已改 ${name}。`, removed: (name) => `已删除 ${name}。`,
  later: (done) => `${done}电话一侧等调度程序恢复后自动生效。`, always: "全天", menu: "可以", noMenu: "–", everybody: "全部", noTell: "–",
  days: (text) => text.split(",").map((part) => part.split("-").map((day) => "一二三四五六日"[Number(day) - 1] ?? day).join("至")).map((part) => `周${part}`).join("、"),
  hours: (each) => `${DIRECTORY.days(String(each.days))} ${each.from}–${each.to}`, closed: "现在非工作时间",
  roles: { agent: "坐席", supervisor: "班长", administrator: "管理员" }, favourite: "收藏", unfavourite: "取消收藏",
  badHours: (line) => `工作时间“${line}”写法不对。例：1-5 08:30-17:30。`,
};
