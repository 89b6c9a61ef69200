// Owns the words of the audit trail's page: what is sought together, and what facts are called.

import { duration, moment } from "./times.js";

// What is sought together; the acts' own names come with the rows.
export const GROUPS = [
  ["录音", ["recording_listened", "recording_downloaded", "recording_refused", "recording_noted", "recording_note_removed", "hold_put", "hold_released", "case_exported", "training_taken", "training_ended"]],
  ["拒绝收听", ["recording_refused"]],
  ["登录", ["signed_in", "signed_out"]],
  ["人员", ["person_added", "person_changed", "person_removed", "person_disabled", "person_enabled", "password_set", "telephone_password_made", "telephone_removed", "token_made"]],
  ["通话", ["call_act", "callback_done", "agent_signed_out", "agent_unpaused"]],
  ["导出", ["tickets_exported", "recording_downloaded", "case_exported"]],
  ["设置", ["unit_put", "unit_removed", "profile_chosen", "profile_withdrawn", "party_put", "party_removed", "knowledge_added", "knowledge_changed", "topic_set", "topic_ended", "topic_recording_added", "pause_reason_changed", "webhook_put", "webhook_removed"]],
];
export const SEALS = ["facts", "content", "life"]; // of a ticket's step: fingerprints, which tell a reader nothing
const ROLES = { agent: "坐席", supervisor: "班长", administrator: "管理员", auditor: "审计员", clerk: "工单员", unit: "承办人", unit_head: "单位负责人", service: "接口" };
const WHY = {
  not_own_call: "别人的通话", not_in_segment: "没有参加那段通话", unknown_call: "没有这通电话（猜的地址）", unknown_segment: "没有这段录音",
  reason_needed: "没有说明理由", link_expired: "地址已过期", link_not_yours: "别人的地址", range_beyond: "超出录音末尾", forbidden: "岗位没有权限",
};
const NAMES = { role: "岗位", reason: "理由", note: "说明", why: "因为", segment: "第三方", op: "操作", result: "结果", party: "单位", to: "坐席", extension: "分机", queue: "队列", text: "内容", at_s: "位置", state: "状态", until: "到", name: "名称", address: "地址", unit: "承办单位", version: "第几步", stage: "状态", bytes: "字节", calls: "通话数", first: "第一通", number: "编号", filter: "条件", on: "开启", recording: "录音", length: "字数", fields: "填写项数", line: "线路", title: "标题", withdrawn: "停用", valid_until: "有效至", typed: "手输号码", profile: "规定", begins: "起用", instead: "代替", refused: "未成", unsure: "不知成否" };
const OPS = { consult: "先征询", add: "直接三方", blind: "直接转出", emergency: "紧急呼叫", merge: "合并通话", swap: "换一方谈", hold: "保持", drop: "请出第三方", leave: "退出", take_back: "接回市民", requeue: "重新排队", mute: "静音", unmute: "取消静音", digits: "发送按键" };
const RESULTS = { ok: "已办" };
const VALUES = {
  role: (value) => ROLES[value] ?? value, why: (value) => WHY[value] ?? value, segment: (value) => `第 ${value} 路`, at_s: (value) => duration(value), until: (value) => (typeof value === "number" ? moment(value) : value),
  reason: (value, { reasons }) => reasons[value] ?? value, stage: (value, { stages }) => stages[value] ?? value, op: (value) => OPS[value] ?? value, result: (value) => RESULTS[value] ?? value,
};

/** One fact in words; `words` by key: the reasons of listening and the stages of tickets. */
export const factOf = (name, value, words) => `${NAMES[name] ?? name} ${VALUES[name]?.(value, words) ?? (value === true ? "是" : value === false ? "否" : value ?? "–")}`;

export const AUDIT = {
  all: "全部", none: "没有符合条件的记录。", away: "审计记录暂时取不到，稍后自动再取。", token: "接口",
  looking: (n) => `正在核对，已看 ${n} 条…`, whole: (n) => `${n} 条全部连贯，没有改动、缺失或插入。`, broken: (n) => `第 ${n} 条被改动或缺失，请立即报告。`, stopped: "没有核对完，请再试。",
};
