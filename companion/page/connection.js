// From Start to End. Under it there may be one peer connection after the other: a lost one is replaced by another into
// the same session, with the same microphone and camera. The protocol is described in docs/wire.md.

import { Ear } from "./ear.js";

const SILENT_MS = 5000;    // the companion says something every second; after this it is not there any more
const STANDS_MS = 8000;    // for one try to get the connection back
const WAITS_MS = [0, 500, 1000, 2000, 4000, 8000];   // before each try; the last again and again, until the wearer ends it
const GOODBYE_MS = 1000;   // for the companion to close it
const WANTED_KEPT = 8;
const deviceNs = () => Math.round(performance.now() * 1e6);

// Over TLS the browser keeps the token in a cookie that no script can read; on this machine it is in the address.
const token = new URLSearchParams(location.search).get("token") || "";
// A session's or a place's name: this page only plays the answers to what a camera app sends there.
export const listen = new URLSearchParams(location.search).get("listen") || "";
const FINAL = new Set(["wrong_token", "wrong_host", "wrong_origin", "bad_sdp", "bad_json", "no_usable_codec", "401", "403"]);

function gathered(pc) {
  return new Promise((resolve) => {
    const look = () => { if (pc.iceGatheringState === "complete") resolve(); };
    pc.addEventListener("icegatheringstatechange", look);
    look();
    setTimeout(resolve, 2000);   // a slow interface must not keep the others waiting
  });
}

// Whether our own sound comes back in the microphone: the browser takes it out, unless it says that it does not.
function echo(microphone) {
  if (!microphone) return "none";
  return microphone.getSettings().echoCancellation ? "cancelled" : "open";
}

// The name of the session: `resume`, if that is still there.
async function exchange(pc, resume, microphone) {
  await pc.setLocalDescription(await pc.createOffer());
  await gathered(pc);
  const headers = { "Content-Type": "application/json", ...(token ? { "Authorization": "Bearer " + token } : {}) };
  const response = await fetch("/api/offer", {
    method: "POST", headers, signal: AbortSignal.timeout(STANDS_MS),
    body: JSON.stringify({ sdp: pc.localDescription.sdp, type: "offer", echo: echo(microphone),
      ...(listen ? { listen } : resume ? { resume } : {}) }),
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) {
    const said = [answer.detail, answer.hint].filter(Boolean).join(": ") || refusal(response.status);
    throw Object.assign(new Error(said), { refused: answer.error || String(response.status) });
  }
  await pc.setRemoteDescription({ type: answer.type, sdp: answer.sdp });
  return answer.session;
}

const refusal = (code) => code === 401 || code === 403
  ? "The companion does not know this device (any more). On its machine run: companion pair, and open the link that it shows."
  : `The companion said ${code}.`;

export class Connection {
  // `told`: what it tells, as methods: named(session), message(message), connected(again), lost(), trying(tries), over(words, why).
  constructor(media, session, told) {
    Object.assign(this, { media, session, told, ended: false, seeking: false, stood: false, away: false, hurry: null, wanted: [] });
  }

  async open() {
    try {
      await this.connect();
    } catch (error) {
      if (error.refused !== "no_such_session") throw error;
      this.session = "";   // it ended meanwhile: a new one, then
      await this.connect();
    }
    this.watching = setInterval(() => this.watch(), 1000);
  }

  async connect() {
    const pc = new RTCPeerConnection({ iceServers: [] });
    const channel = pc.createDataChannel("earshot");
    const ear = new Ear((message) => this.send(message));
    const { microphone, camera } = this.media;
    const sound = pc.addTransceiver(microphone || "audio", { direction: microphone ? "sendrecv" : "recvonly" });
    const picture = camera ? pc.addTransceiver(camera, { direction: "sendonly" }) : null;
    ear.receiver = sound.receiver;
    channel.onopen = () => this.opened(channel);
    channel.onmessage = (event) => { if (this.pc === pc) this.message(JSON.parse(event.data)); };
    pc.ontrack = (event) => { if (event.track.kind === "audio") this.told.answer(new MediaStream([event.track])); };
    pc.onconnectionstatechange = () => { if (this.pc === pc) this.changed(); };
    try {
      this.session = await exchange(pc, this.session, microphone);
    } catch (error) {
      pc.close();
      throw error;
    }
    const before = this.pc, heard = this.ear;
    Object.assign(this, { pc, channel, ear, sound, picture, heardMs: performance.now() });
    if (heard) heard.close();
    if (this.before) this.before.close();
    this.before = before;   // closed when the new one stands, so that this is no goodbye
    if (this.ended) return pc.close();
    this.told.named(this.session);
  }

  // Another microphone or camera goes out over what stands; where there was none before, over another connection.
  async replace() {
    const { microphone, camera } = this.media;
    if ((microphone && this.sound.direction === "recvonly") || (camera && !this.picture)) return this.again(false);
    if (microphone) await this.sound.sender.replaceTrack(microphone);
    if (this.picture) await this.picture.sender.replaceTrack(camera);
  }

  send(message) {
    const open = Boolean(this.channel && this.channel.readyState === "open");
    if (open) this.channel.send(JSON.stringify(message));
    return open;
  }

  // What the wearer wants is not lost with the connection: it is sent when there is one again.
  want(message) {
    if (this.away || !this.send(message)) this.wanted = [...this.wanted, message].slice(-WANTED_KEPT);
  }

  opened(channel) {
    channel.send(JSON.stringify({ type: "returns" }));   // a page that is loaded anew says no bye
    for (const message of this.wanted.splice(0)) channel.send(JSON.stringify(message));
  }

  message(message) {
    this.heardMs = performance.now();
    if (message.type === "ping") this.send({ type: "pong", id: message.id, device_ns: deviceNs() });
    else if (message.type === "speaking") this.ear.speaking(message);
    else if (message.type === "spoken") this.ear.spoken(message);
    else if (message.type === "bye") this.over("The companion ended the conversation" + (message.reason ? ": " + message.reason : "") + ".");
    if (!this.ended) this.told.message(message);
  }

  changed() {
    const state = this.pc.connectionState;
    if (state === "connected") this.stand();
    else if (state === "failed") this.again();
  }

  stand() {
    if (this.before) this.before.close();
    this.before = null;
    const again = this.stood && this.away;
    this.stood = true;
    this.away = false;
    this.told.connected(again);
  }

  watch() {
    const silent = performance.now() - this.heardMs > SILENT_MS;
    if (this.pc.connectionState === "disconnected" || (this.stood && silent)) this.again(silent);
  }

  // The way to the companion is gone, or another one is there: find the same session again.
  async again(missed = true) {
    if (this.hurry) this.hurry();   // waiting to try: try now
    if (this.seeking || this.ended) return;
    this.seeking = true;
    if (missed) this.miss();
    for (let tries = 0; !this.ended; tries++) {
      await this.pause(WAITS_MS[Math.min(tries, WAITS_MS.length - 1)]);
      if (this.ended) return;
      if (this.away) this.told.trying(tries);
      try {
        await this.connect();
        await this.stands();
        break;
      } catch (error) {
        if (error.refused === "no_such_session") this.session = "";   // it ended: a new one, then
        else if (FINAL.has(error.refused)) return this.over("Not connected.", error.message);
        else this.miss();
      }
    }
    this.seeking = false;
  }

  miss() {
    if (this.away || this.ended) return;
    this.away = true;
    this.told.lost();
  }

  pause(ms) {
    return new Promise((resolve) => { this.hurry = resolve; setTimeout(resolve, ms); }).then(() => { this.hurry = null; });
  }

  async stands() {
    const pc = this.pc, until = performance.now() + STANDS_MS;
    while (pc.connectionState !== "connected") {
      if (pc.connectionState === "failed" || this.ended || performance.now() > until) throw new Error("not connected");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  over(words, why = "") { if (!this.ended) this.told.over(words, why); }

  // For good: says goodbye, and lets go of everything once that has been heard.
  close() {
    this.ended = true;
    clearInterval(this.watching);
    if (this.hurry) this.hurry();
    if (this.ear) this.ear.close();
    this.send({ type: "bye" });
    const all = [this.before, this.pc].filter(Boolean);
    for (const pc of all) pc.onconnectionstatechange = null;
    setTimeout(() => { for (const pc of all) pc.close(); }, GOODBYE_MS);
  }
}
