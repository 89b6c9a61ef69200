// Owns the telephone in the page: registration, the one call of this agent, and its recovery; never a word on the screen.

import { get } from "./api.js";
import { SipSocket } from "./sip_socket.js";
import { now } from "./times.js";

const ECHO = "sip:echo@hotline"; // extensions_outgoing.conf
const REGISTER_EXPIRES_S = 120;
// Chromium wakes the timers of a hidden tab once a minute; Asterisk asks OPTIONS every 10 s, and websocket events always come.
const REFRESH_MS = 45000;
const RETRY_MS = [1000, 2000, 5000];
const NO_CANDIDATE_MS = 700; // with only a loopback address Chromium never ends gathering (facts: webrtc 2)
const MEDIA_LOST_MS = 8000; // Asterisk has cut the leg long before (rtp_timeout 2 s)
const ASKED_MS = 5000;
// What GET /api/phone may refuse for good: no right to a telephone; a newer sign-in has it.
const REFUSED = { 403: "forbidden", 409: "displaced" };

// JsSIP ends the whole call when a re-offer is refused; for these the citizen is kept.
const KEEP_CALL = ["Hold Failed", "Unhold Failed", "Media Renegotiation Failed"];
// An end that nobody wanted carries cause 44, so that the dialplan rings an agent again instead of ending the citizen's call.
const MEDIA_LOST = "Reason: Q.850;cause=44;text=\"Media lost\"";

/** Whoever withholds the number comes as "anonymous": no number, so that the one which the bridge knows is shown. */
const numberOf = (user) => (/^\+?\d+$/.test(user ?? "") ? user : "");

export class Phone {
  #store;
  #sound;
  #ua = null;
  #call = null; // the JsSIP session
  #wasLost = false;
  #tries = 0;
  #timers = new Set();
  #hangUpByLink;
  #undoing = false;
  #ring = null; // the INVITE of the present ring
  #wantsAnswer = null; // the ringing session that the agent took while the websocket was lost
  #known = new Set();
  #test = null; // a call to one's own echo

  constructor(store, sound, { hangUpByLink }) {
    this.#store = store;
    this.#sound = sound;
    this.#hangUpByLink = hangUpByLink;
    addEventListener("beforeunload", (event) => this.#call && event.preventDefault());
    // No ua.stop() on unload: it would send BYE and end the citizen's call; a reload is put back by the server.
  }

  get registered() {
    return this.#ua?.isRegistered() ?? false;
  }
  get callId() {
    return this.#store.value.session?.callId ?? null;
  }
  get isBusy() {
    return this.#call !== null;
  }
  /** Whether this page was ever in that call. */
  knows(callId) {
    return this.#known.has(callId);
  }

  async start() {
    if (this.#ua) return;
    this.#tell({ state: "starting" });
    let account;
    try {
      account = await get("/api/phone");
    } catch (error) {
      if (this.#store.value.phone.state === "elsewhere") return;
      this.#tell({ state: REFUSED[error.status] ?? (error.code === "phone_not_ready" ? "preparing" : "unregistered") });
      if (!REFUSED[error.status] && error.status !== 401) this.#again(() => this.start());
      return;
    }
    if (this.#store.value.phone.state === "elsewhere" || this.#ua) return; // given away while we asked
    if (account.kind === "hardware") return this.#tell({ state: "hardware", mic: "granted" });
    this.#register(account);
    await this.#askForMicrophone();
    const permission = await navigator.permissions?.query({ name: "microphone" }).catch(() => null);
    if (permission) permission.onchange = () => this.#call || this.#askForMicrophone(); // allowed later: no reload needed
  }

  async #askForMicrophone() {
    this.#tell({ mic: "asking" });
    this.#tell({ mic: await this.#sound.askForMicrophone((isHeard) => this.#tell({ isMicSilent: !isHeard })) });
  }

  /** Ask again whether the telephone is still ours and of the same kind: the link was lost, or Asterisk refused our password. */
  async check() {
    const { state } = this.#store.value.phone;
    if (this.#call || !["registered", "registering", "unregistered", "hardware"].includes(state)) return;
    let kind;
    try {
      ({ kind } = await get("/api/phone"));
    } catch (error) {
      if (REFUSED[error.status] && !this.#call) this.stop(REFUSED[error.status]);
      return;
    }
    if ((kind === "hardware") !== (state === "hardware") && !this.#call) location.reload();
  }

  /** Give the telephone away (another page took it) or sign out; never while a call is up. */
  stop(state) {
    const ua = this.#ua;
    this.#ua = null;
    ua?.stop();
    this.#tell({ state });
  }

  #register(account) {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new SipSocket(`${scheme}://${location.host}${account.ws_path}`, () => this.registerAgain());
    const ua = new JsSIP.UA({
      sockets: [socket], uri: account.uri, password: account.password, realm: account.realm, display_name: account.display_name,
      register_expires: REGISTER_EXPIRES_S, session_timers: false, user_agent: "hotline desk",
      // each second: a caller waits for the relay to be back, and it is back in less than two
      connection_recovery_min_interval: 1, connection_recovery_max_interval: 1,
    });
    this.#ua = ua;
    const mine = (act) => (event) => ua === this.#ua && act(event);
    ua.on("connecting", mine(() => this.registered || this.#tell({ state: "registering" })));
    ua.on("disconnected", mine(() => {
      this.#wasLost = true;
      if (this.#call?.isInProgress()) this.#carryRing(ua);
      this.#tell({ state: "unregistered" });
    }));
    let registeredAt = 0;
    ua.on("newOptions", mine(() => {
      if (ua.isRegistered() && Date.now() - registeredAt > REFRESH_MS) ua.register();
    }));
    ua.on("registered", mine(() => {
      registeredAt = Date.now();
      this.#tries = 0;
      this.#tell({ state: "registered" });
      if (this.#wasLost) this.#mend();
      this.#wasLost = false;
      if (this.#wantsAnswer && this.#wantsAnswer === this.#call) this.#answerNow();
    }));
    ua.on("unregistered", mine(() => this.#tell({ state: "unregistered" })));
    ua.on("registrationFailed", mine((event) => {
      this.#tell({ state: "unregistered" });
      if ([401, 403].includes(event.response?.status_code)) this.check();
      this.#again(() => ua === this.#ua && ua.isConnected() && ua.register());
    }));
    ua.on("newRTCSession", mine((event) => this.#offered(event)));
    ua.start();
  }

  /** Asterisk has lost the registration (its clock jumped, its database was emptied) and does not tell; or it has been silent. */
  registerAgain() {
    if (this.registered) this.#ua.register();
  }

  // ---- one call -------------------------------------------------------------------------------------------------

  #offered({ originator, session, request }) {
    if (originator !== "remote") return;
    if (this.#call) return session.terminate({ status_code: 486 });
    this.endTest(); // whoever calls goes before one's own echo
    this.#call = session;
    this.#ring = request;
    this.#known.add(request.getHeader("X-Call-Id") ?? "");
    this.#keepCallOnRefusal(session);
    const mine = (act) => (event) => session === this.#call && act(event);
    session.on("peerconnection", mine(({ peerconnection }) => this.#wire(session, peerconnection)));
    session.on("icecandidate", ({ ready }) => ready()); // the first candidate is enough: 100 ms sooner
    session.on("accepted", mine(() => this.#session({ accepted: true })));
    session.on("confirmed", mine(() => {
      if (this.#store.value.session?.answeredAt) return; // a later re-offer
      this.#session({ state: "talking", answeredAt: Date.now() / 1000 });
      this.#asked("answer", false);
    }));
    session.on("muted", mine(() => this.#session({ muted: true, mutedAt: now() })));
    session.on("unmuted", mine(() => this.#session({ muted: false, mutedAt: null })));
    session.on("getusermediafailed", mine(() => this.#tell({ mic: "refused" })));
    session.on("ended", mine((event) => this.#over(event)));
    session.on("failed", mine((event) => this.#over(event)));
    this.#store.set({
      session: {
        callId: request.getHeader("X-Call-Id") ?? "", state: "ringing", muted: false, since: Date.now() / 1000, answeredAt: null,
        caller: numberOf(request.from?.uri?.user), line: request.getHeader("X-Line") ?? "", dials: Boolean(request.getHeader("X-Dial")),
      },
      ended: null, asked: {}, told: "",
    });
    // our own call, brought back after a reload; or a citizen whom this agent wants to call
    if (request.getHeader("X-Resume") || request.getHeader("X-Dial")) this.answer();
  }

  answer() {
    if (!this.#call?.isInProgress() || this.#store.value.asked.answer) return;
    this.#asked("answer", true);
    this.#wantsAnswer = this.#call; // an answer into a dead websocket would be lost: it goes out when the telephone is back
    if (this.#ua?.isConnected()) this.#answerNow();
  }

  #answerNow() {
    this.#wantsAnswer = null;
    try {
      this.#call.answer({ mediaConstraints: this.#sound.constraints, pcConfig: { iceServers: [] } });
    } catch (error) {
      console.warn("answer refused by the telephone", error.name);
      this.#asked("answer", false);
    }
  }

  /**
   * The websocket broke while it rang: JsSIP has ended the transaction of the INVITE and would send no answer any more, but
   * Asterisk still waits for one and takes it over the next websocket. The end of the ring may never be heard (see drop).
   */
  #carryRing(ua) {
    this.#session({ lost: true });
    this.#ring.server_transaction.receiveResponse = (_status, response, sent, failed) => (ua.transport.send(response) ? sent?.() : failed?.());
  }

  /** End a ring here that is over in Asterisk. */
  drop() {
    if (this.#call?.isInProgress()) this.#call.terminate({ status_code: 480 });
  }

  hangUp() {
    const call = this.#call;
    if (!call) return;
    if (call.isInProgress() && !this.#store.value.asked.answer) return call.terminate({ status_code: 486 });
    this.#asked("hangup", true);
    // A BYE into a dead websocket is lost and would look like a lost agent: ask the bridge instead.
    if (!this.#ua?.isConnected()) this.#hangUpByLink(this.callId);
    call.terminate();
  }

  toggleMute() {
    const call = this.#call;
    if (!call?.isEstablished()) return;
    if (call.isMuted().audio) call.unmute({ audio: true });
    else call.mute({ audio: true });
  }

  toggleHold() {
    const call = this.#call;
    if (!call?.isEstablished() || this.#store.value.asked.hold) return;
    const holding = !call.isOnHold().local;
    const done = () => {
      if (call !== this.#call) return;
      this.#session({ state: holding ? "held" : "talking" });
      this.#asked("hold", false);
    };
    if (holding ? call.hold({}, done) : call.unhold({}, done)) this.#asked("hold", true);
  }

  #wire(session, pc) {
    this.#sound.follow(pc);
    const answerAtLast = () => this.#later(NO_CANDIDATE_MS, () => {
      if (session !== this.#call || this.#store.value.session?.accepted) return;
      // JsSIP takes an empty candidate as the end of gathering. An answer without an address carries no sound.
      if (!pc.localDescription?.sdp.includes("a=candidate:")) answerAtLast();
      else pc.dispatchEvent(new RTCPeerConnectionIceEvent("icecandidate", { candidate: null }));
    });
    answerAtLast();
    let lostAt = 0;
    pc.addEventListener("connectionstatechange", () => {
      if (pc.connectionState === "connected") lostAt = 0;
      if (pc.connectionState !== "disconnected" || lostAt) return;
      lostAt = Date.now();
      const since = lostAt;
      this.#later(MEDIA_LOST_MS, () => lostAt === since && session === this.#call && session.terminate({ cause: "RTP Timeout" }));
    });
  }

  /** JsSIP calls session.terminate itself on a refused re-offer or a lost transport: soften that here. */
  #keepCallOnRefusal(session) {
    const terminate = session.terminate.bind(session);
    session.terminate = (options = {}) => {
      if (KEEP_CALL.includes(options.reason_phrase)) {
        console.warn("re-offer refused, call kept:", options.reason_phrase);
        this.#undo(session, options.reason_phrase);
        return;
      }
      if (session.isEnded()) return;
      const unwanted = Boolean(options.cause) && session.isEstablished();
      terminate(unwanted ? { cause: options.cause, extraHeaders: [MEDIA_LOST] } : options);
    };
  }

  /** A refused hold left JsSIP half on hold: step back once, so that this side and Asterisk agree again. */
  #undo(session, refused) {
    this.#asked("hold", false);
    if (refused === "Media Renegotiation Failed" || session !== this.#call || this.#undoing) return;
    this.#store.set({ told: "hold_refused" });
    this.#undoing = true;
    this.#later(300, () => {
      if (session === this.#call) session.isOnHold().local ? session.unhold() : session.hold();
      this.#later(3000, () => (this.#undoing = false));
    });
  }

  /** After a lost websocket Asterisk may have ended the call without our hearing it: a re-offer tells (481 ends it here). */
  #mend() {
    const call = this.#call;
    if (call?.isEstablished() && !call.renegotiate({ useUpdate: true })) this.#later(500, () => call === this.#call && call.renegotiate({ useUpdate: true }));
  }

  #over(event) {
    const { session } = this.#store.value;
    const byCause = event.cause === "Terminated" ? event.originator : event.cause;
    this.#call = this.#wantsAnswer = null;
    this.#sound.stop();
    this.#store.set({
      session: null, asked: {}, quality: "none", sound: null,
      ended: { callId: session?.callId ?? "", cause: byCause, at: Date.now() / 1000, talked: session?.answeredAt ? Date.now() / 1000 - session.answeredAt : null },
    });
  }

  /** A call to one's own echo (echo_test.js), null where the telephone is not free for it; whoever calls goes before it. */
  dialEcho() {
    if (this.#call || this.#test || !this.registered) return null;
    const session = this.#ua.call(ECHO, { mediaConstraints: this.#sound.constraints, pcConfig: { iceServers: [] } });
    this.#test = session;
    for (const end of ["ended", "failed"]) session.on(end, () => (this.#test = null));
    return session;
  }

  endTest() {
    this.#test?.terminate();
  }

  // ---- small things -----------------------------------------------------------------------------------------------

  #tell(patch) {
    this.#store.set({ phone: { ...this.#store.value.phone, ...patch } });
  }
  #session(patch) {
    const { session } = this.#store.value;
    if (session) this.#store.set({ session: { ...session, ...patch } });
  }
  #asked(name, is) {
    this.#store.set({ asked: { ...this.#store.value.asked, [name]: is } });
    if (is) this.#later(ASKED_MS, () => this.#store.set({ asked: { ...this.#store.value.asked, [name]: false } }));
  }
  #again(act) {
    this.#later(RETRY_MS[Math.min(this.#tries, RETRY_MS.length - 1)], act);
    this.#tries += 1;
  }
  #later(ms, act) {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, ms);
    this.#timers.add(timer);
  }
}
