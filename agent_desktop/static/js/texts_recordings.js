// Owns the words of the page of recordings.

export const FOUND = {
  none: "还没有录音。每通电话结束几秒后列在这里。", noMatch: "没有找到。号码可以只写开头，也可以放宽日期、时长。", refused: "请改一改上面的条件。",
  failed: "暂时查不了，稍后自动再试。", notYet: "到这里还没有找到，可以再往前找。", count: (n, more) => `${n} 段${more ? "以上" : ""}`,
  looked: (at) => `条件很宽，已找到 ${at} 为止。`, older: "再取更早的", lookOn: "再往前找", rowName: (at) => `${at} 的录音`, out: "呼出", held: "保全中",
  states: { ready: "可以听", pending: "还在整理", failed: "没有整理成功", missing: "文件缺失", deleting: "正在删除", deleted: "已删除" },
};

export const TRAINING = {
  taken: (day, by, why) => `培训录音：${day} 起，${by}：${why}`, tonight: "。保存期限今夜重新核定。", ended: "不再是培训录音，保存期限今夜重新核定。",
  take: "选为培训录音", end: "不再用于培训", whyTake: "为什么选为培训录音", whyEnd: "为什么不再用于培训", away: "没有完成，请再按一次。",
};
