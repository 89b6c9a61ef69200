// Owns the Chinese words around the telephone and the number: what is known of it, the sound check, dialling out, phrases.

export const PAST = {
  abroad: "境外号码", noTickets: "此号码没有以前的工单", ticketsLater: "以前的工单暂时取不到，稍后自动再取", late: "已超期", otherSource: "其他渠道",
  noKeys: "没有按键", repeat: "疑似重复", why: { unsolved: "提出已过 6 天未办结", closed: "办结不满一个月" },
};

const percent = (share) => `${(share * 100).toFixed(share < 0.0995 ? 1 : 0)}%`;

export const HEADSET = {
  system: "系统默认", unnamed: (n) => `设备 ${n}`, gone: (name) => `${name || "所选设备"}（未插好，暂用系统默认）`,
  start: "试音", stop: "结束试音", invite: "拨一通试音电话：说一句话，听到自己的声音就是通的。", notFree: "未就绪、小休或话后整理时才能试音，免得错过来电。",
  notTaken: "没有换成所选的麦克风，仍用原来的。",
  echo: {
    calling: "正在接通试音…", listening: "请说一句话…", heard: "听到回声：麦克风、耳机和线路都通。",
    deaf: "麦克风有声音，但没有回声传回来：线路可能不通，请告诉管理员。", silent: "没有收到您的声音：请检查耳麦的静音开关，或换一个麦克风。",
    failed: "试音没有接通，请稍后再试。",
  },
  noFigures: "通话时这里显示丢包、抖动和延时。",
  figures: ({ lossIn, lossOut, jitterMs, delayMs }) => [`收丢包 ${percent(lossIn)}`, lossOut == null ? "" : `发丢包 ${percent(lossOut)}`,
    `抖动 ${Math.round(jitterMs)} 毫秒`, delayMs == null ? "" : `延时 ${Math.round(delayMs)} 毫秒`].filter(Boolean).join(" · "),
};

export const SOUND = {
  fair: (figures, who) => `通话质量变差（${figures}）。${{ agent: "听不清时请市民再说一遍", citizen: "市民可能听不清，要紧的话请再说一遍", both: "要紧的话请复述一遍", delay: "话音有延迟，请等市民说完再说" }[who]}。`,
  poor: (figures, who) => `通话质量差（${figures}），${{ agent: "您可能听不清市民", citizen: "市民可能听不清您", both: "双方都可能听不清", delay: "话音延迟很大" }[who]}。请检查网线，或记下号码后回拨。`,
  dead: "麦克风没有任何声音，市民听不到您：请检查耳麦的静音开关。",
  speaksMuted: "您在说话，但已静音，市民听不到。", mutedFor: (t) => `已静音 ${t}，市民听不到您`,
  silent: "麦克风已允许，但没有任何声音：请检查耳麦的静音开关，再点“耳麦”试音。",
};

export const DIALLING = {
  dial: "拨打", noNumber: "请输入要拨打的号码。", again: "回拨", toDesk: "已请求呼出，请到坐席桌面通话。", failed: "没有拨出，请再试一次。",
};

export const PHRASES = {
  moments: { answer: "接听", ask: "询问", hold: "保持前", back: "取回后", transfer: "转接", hard: "着急、为难时", end: "结束", record: "写进记录" },
  write: "写", refusals: "不予受理", none: "没有这样的话。", loading: "正在取…", failed: "常用语暂时取不到，关上再打开。",
};
