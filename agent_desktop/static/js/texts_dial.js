// Owns the words of the dial-tests (拨测) on the pages; probe/texts.yaml has those of the terminal.

const decibels = (value) => `${Math.round(value) > 0 ? "+" : ""}${Math.round(value) || 0} 分贝`;
const seconds = (value) => (value == null ? "–" : `${value.toFixed(1)} 秒`);

export const DIAL = {
  states: { waiting: "还没有结果，启动约两分钟后拨第一轮。", stale: "拨测已停，这是很久以前的结果。", known: "" },
  at: (t) => `${t} 拨完一轮`, since: (t) => `自 ${t}`,
  figures: (test) => [
    test.answer_s == null ? "" : `接通 ${seconds(test.answer_s)}`, test.queue_s == null ? "" : `排队 ${seconds(test.queue_s)}`,
    test.level_db == null ? "" : decibels(test.level_db),
  ].filter(Boolean).join(" · "),
  findings: {
    ok: () => "正常", no_agent: () => "能打进，无坐席可振铃", no_bridge: () => "没有菜单，呼叫桥不在", not_answered: () => "拨不通，无人应答",
    refused: (test) => `拨不通，被拒绝 ${test.status || ""}`.trim(), silent: (test) => `接通后没有声音 ${test.heard}`.trim(),
    wrong_greeting: (test) => `问候不对 ${test.heard}`.trim(), too_quiet: () => "声音太小", too_loud: () => "声音太大", no_queue: () => "进不了队列",
    queue_dead: () => "队列不收来电", no_account: () => "拨测账号注册不上", not_run: () => "拨测没有做成",
  },
  alarm: (failed) => `拨测发现故障：${failed.map((test) => `${test.number} ${DIAL.findings[test.finding](test)}`).join("；")}`,
};
