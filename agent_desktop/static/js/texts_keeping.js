// Owns the words of the page of keeping: classes of recordings, why they go, cases.

export const CLASSES = { ordinary: "普通", ticket: "工单", complaint: "投诉", emergency: "紧急", training: "培训" };
export const REASONS = { expired: "期满", overdue: "已超期" };
export const KEEPING = {
  away: "暂时取不到，稍后自动再取。", nothingPlanned: "一周内没有要删除的录音。", nothingGone: "还没有删除过录音。", noHolds: "没有在保全的案件。",
  count: (n) => (n ? `${n} 段` : ""), cases: (n) => (n ? `${n} 件` : ""), segment: (leg) => `第三方 ${leg}`, hold: "保全", holdOf: (id) => `保全 ${id}`,
  calls: (n) => `${n} 通`, by: (who, when) => `${who} ${when}`, show: "看通话", release: "解除…", export: "导出案卷…", exportOf: (key) => `导出案件“${key}”`, releaseOf: (key) => `解除案件“${key}”？`,
  released: (who, when, why) => `${who} ${when} 解除：${why}`, isReleased: (key) => `案件“${key}”已解除。`,
  held: (n, key) => `已为案件“${key}”保全 ${n} 通。`, tooLate: (calls) => `来不及了，这些通话的录音已经删除：${calls.join("、")}。`,
  noKey: "请写案件编号。", noReason: "请写理由。", noCalls: "请写通话编号。",
};
