// The page as a device: microphone and camera up, the answer down, and honest word of what reached the ear.
// The protocol is described in docs/wire.md. No library, no build step, nothing loaded from anywhere else.
"use strict";

const $ = (id) => document.getElementById(id);
const token = new URLSearchParams(location.search).get("token") || "";
// A session's or a place's name: this page only plays the answers to what a camera app sends there.
const listen = new URLSearchParams(location.search).get("listen") || "";
const CAPTIONS_KEPT = 6;
const ASIDES_KEPT = 6;
const LONGEST_ASIDE = 2000;
const PROGRESS_MS = 250;
const SILENT_MS = 5000;  // the companion says something every second; after this it is not there any more
const STANDS_MS = 8000;  // for one try to get the connection back
const WAITS_MS = [0, 500, 1000, 2000, 4000, 4000, 4000, 4000, 4000, 4000];  // before each try: the session waits 30 s
const TAP_MS = 250;      // held for less than this, the button was tapped

let connection = null;   // what belongs to one press of Start; null when stopped

// ------------------------------------------------------------------------------------------------------- what one sees

function status(text) { $("status").textContent = text; }

function problem(title, text = "") {
  const box = $("problem");
  box.hidden = !title;
  if (!title) return;
  const strong = document.createElement("strong");
  strong.textContent = title;
  box.replaceChildren(strong, document.createTextNode(text));
}

function live(name, on, word) {
  const item = $("live-" + name);
  item.dataset.on = String(Boolean(on));
  item.querySelector("span").textContent = word || (on ? "on" : "off");
}

let sameAnswer = false; // the companion's next caption goes on with the one that is shown

function caption(who, text) {
  if (!text) return;
  const list = $("captions");
  if (who === "companion" && sameAnswer && list.lastChild) {
    list.lastChild.append(" " + text);
    return;
  }
  sameAnswer = who === "companion";
  const item = document.createElement("li");
  item.dataset.who = who;
  const label = document.createElement("small");
  label.textContent = who === "wearer" ? "You" : "Earshot";
  item.append(label, document.createTextNode(text));
  for (const old of list.children) old.classList.add("old");
  list.append(item);
  while (list.children.length > CAPTIONS_KEPT) list.firstChild.remove();
}

// What is not spoken. Where it leads is shown first, so that a long address cannot hide it; only plain web addresses
// become links, and nothing is fetched until the wearer follows one.
function aside(kind, text) {
  if (typeof text !== "string" || !text || text.length > LONGEST_ASIDE) return;
  const list = $("asides"), item = document.createElement("li"), what = document.createElement("small");
  if ([...list.children].some((old) => old.dataset.text === text)) return;
  item.dataset.text = text;
  what.textContent = kind === "source" ? "Source" : "Link";
  item.append(what, ...address(text));
  list.append(item);
  list.hidden = false;
  while (list.children.length > ASIDES_KEPT) list.firstChild.remove();
}

function webAddress(text) {
  try {
    return /^https?:\/\/\S+$/i.test(text) ? new URL(text) : null;
  } catch {
    return null;
  }
}

function address(text) {
  const url = webAddress(text), words = document.createElement("bdi");
  words.textContent = text;
  if (!url) return [words];
  const link = document.createElement("a");
  link.href = url.href;
  link.rel = "noreferrer noopener";
  link.target = "_blank";
  link.textContent = url.hostname;
  return [link, " ", words];
}

function controls(on) {
  const button = $("start");
  button.dataset.live = String(on);
  button.textContent = on ? "Stop" : "Start";
  button.disabled = false;
  $("ask").hidden = $("talk").hidden = !on;
}

// ------------------------------------------------------------------------------------------------------- what one sends

const REFUSALS = {
  NotAllowedError: "The browser was not allowed to use it. Allow it beside the address, then press Start again.",
  NotFoundError: "There is none on this machine, or it is unplugged.",
  NotReadableError: "Another program is using it. Close that program, then press Start again.",
  OverconstrainedError: "It cannot do what was asked of it.",
};

async function ask(kind, wanted) {
  try {
    return (await navigator.mediaDevices.getUserMedia({ [kind]: wanted })).getTracks()[0];
  } catch (error) {
    return { error: REFUSALS[error.name] || error.message };
  }
}

// Asked for one by one, so that one that is missing or refused does not take the other with it.
async function capture() {
  if (listen) return { microphone: null, camera: null };
  if (!navigator.mediaDevices) {
    throw new Error("Browsers give camera and microphone only to https pages and to 127.0.0.1. " +
      "Open the address exactly as the companion printed it.");
  }
  const microphone = await ask("audio", { echoCancellation: true, noiseSuppression: true, autoGainControl: true });
  const camera = await ask("video", { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 },
    facingMode: "environment" });
  const missing = [];
  if (microphone.error) missing.push("Microphone: " + microphone.error);
  if (camera.error) missing.push("Camera: " + camera.error);
  if (missing.length === 2) throw new Error(missing.join(" "));
  problem(missing.length ? "Going on without " + (microphone.error ? "a microphone" : "a camera") : "", missing[0]);
  return { microphone: microphone.error ? null : microphone, camera: camera.error ? null : camera };
}

function gathered(pc) {
  return new Promise((resolve) => {
    const look = () => { if (pc.iceGatheringState === "complete") resolve(); };
    pc.addEventListener("icegatheringstatechange", look);
    look();
    setTimeout(resolve, 2000);   // a slow interface must not keep the others waiting
  });
}

// Whether our own sound comes back in the microphone: the browser takes it out, unless it says that it does not.
function echo(pc) {
  const microphone = pc.getSenders().map((sender) => sender.track).find((track) => track && track.kind === "audio");
  if (!microphone) return "none";
  return microphone.getSettings().echoCancellation ? "cancelled" : "open";
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// The name of the session: `resume`, if that is still there.
async function exchange(pc, resume) {
  await pc.setLocalDescription(await pc.createOffer());
  await gathered(pc);
  const response = await fetch("/api/offer", {
    method: "POST",
    headers: { "Content-Type": "application/json", "Authorization": "Bearer " + token },
    body: JSON.stringify({ sdp: pc.localDescription.sdp, type: "offer", echo: echo(pc),
      ...(listen ? { listen } : resume ? { resume } : {}) }),
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) {
    const said = [answer.detail, answer.hint].filter(Boolean).join(": ") || "The companion said " + response.status;
    throw Object.assign(new Error(said), { refused: answer.error || String(response.status) });
  }
  await pc.setRemoteDescription({ type: answer.type, sdp: answer.sdp });
  return answer.session;
}

// ------------------------------------------------------------------------------------------------- what reached the ear

const deviceNs = () => Math.round(performance.now() * 1e6);
const ahead = (a, b) => ((a - b) << 0) >= 0;   // RTP timestamps wrap at 32 bits

// "speaking" and "spoken" name the answer's packets by RTP timestamp; the receiver knows which one is being played now.
class Ear {
  constructor(send) { this.send = send; this.runs = []; this.timer = null; }

  speaking(message) {
    this.runs.push({ utterance: message.utterance, from: message.rtp, to: null, heard: false, told: 0 });
    this.timer = this.timer || setInterval(() => this.listen(), 20);
  }

  spoken(message) {
    for (const run of this.runs) if (run.utterance === message.utterance && run.to === null) run.to = message.rtp;
  }

  listen() {
    const source = this.receiver && this.receiver.getSynchronizationSources()[0];
    if (!source) return;
    const now = source.rtpTimestamp;
    for (const run of [...this.runs]) {
      if (!ahead(now, run.from)) continue;
      const over = run.to !== null && ahead(now, run.to);
      if (!run.heard) { run.heard = true; this.tell(run, "first", run.from, source); }
      if (over) {
        this.tell(run, "last", run.to, source);
        this.runs.splice(this.runs.indexOf(run), 1);
      } else if (performance.now() - run.told > PROGRESS_MS) {
        this.tell(run, "progress", now, source);
      }
    }
    if (!this.runs.length) this.close();
  }

  // `source.timestamp` is when that packet was played; a sample earlier or later was played that much off it.
  tell(run, mark, rtp, source) {
    run.told = performance.now();
    const at = source.timestamp - performance.timeOrigin + (((rtp - source.rtpTimestamp) << 0) / 48);
    this.send({ type: "heard", utterance: run.utterance, mark, rtp, device_ns: Math.round(at * 1e6) });
  }

  close() { clearInterval(this.timer); this.timer = null; }
}

// ------------------------------------------------------------------------------------------------------- one connection

// From Start to Stop. Under it there may be one peer connection after the other: a lost one is replaced by another into
// the same session, with the same microphone and camera.
class Connection {
  async open() {
    this.tracks = await capture();
    this.session = "";
    await this.connect();
    this.watching = setInterval(() => this.watch(), 1000);
    // A phone that goes to sleep stops its camera and microphone.
    if (navigator.wakeLock) this.awake = await navigator.wakeLock.request("screen").catch(() => null);
  }

  async connect() {
    const pc = new RTCPeerConnection({ iceServers: [] });
    const channel = pc.createDataChannel("earshot");
    const ear = new Ear((message) => this.send(message));
    const { microphone, camera } = this.tracks;
    const sound = pc.addTransceiver(microphone || "audio", { direction: microphone ? "sendrecv" : "recvonly" });
    ear.receiver = sound.receiver;
    if (camera) this.show(pc, camera);
    channel.onmessage = (event) => { if (this.pc === pc) this.message(JSON.parse(event.data)); };
    pc.ontrack = (event) => {
      if (event.track.kind === "audio") $("answer").srcObject = new MediaStream([event.track]);
    };
    pc.onconnectionstatechange = () => { if (this.pc === pc) this.changed(); };
    try {
      this.session = await exchange(pc, this.session);
    } catch (error) {
      pc.close();
      throw error;
    }
    const before = this.pc, heard = this.ear;
    Object.assign(this, { pc, channel, ear, heardMs: performance.now() });
    if (heard) heard.close();
    if (before) this.before = before;   // closed when the new one stands, so that this is no goodbye
    if (connection !== this) this.close();
  }

  show(pc, camera) {
    pc.addTransceiver(camera, { direction: "sendonly" });
    $("preview").srcObject = new MediaStream([camera]);
    $("preview").hidden = false;
    $("preview").play().catch(() => {});
    camera.contentHint = "detail";   // legible text matters more than smooth motion
  }

  send(message) { if (this.channel && this.channel.readyState === "open") this.channel.send(JSON.stringify(message)); }

  message(message) {
    this.heardMs = performance.now();
    const act = {
      ping: () => this.send({ type: "pong", id: message.id, device_ns: deviceNs() }),
      hello: () => live("recording", message.recording),
      caption: () => caption(message.who, message.text),
      aside: () => aside(message.kind, message.text),
      state: () => status(STATES[message.state] || message.state),
      speaking: () => this.ear.speaking(message),
      spoken: () => { sameAnswer = false; this.ear.spoken(message); },
      bye: () => stop("The companion ended the conversation" + (message.reason ? ": " + message.reason : "") + "."),
    }[message.type];
    if (act) act();
  }

  changed() {
    const state = this.pc.connectionState;
    if (state === "connected") {
      if (this.before) this.before.close();
      this.before = null;
      live("microphone", this.tracks.microphone);
      live("camera", this.tracks.camera);
      status(listen ? "Answers are played here. Talk to the camera app." :
        this.tracks.microphone ? "Listening. Just talk." : "Connected. Type your question below.");
    } else if (state === "disconnected") {
      status("The connection is interrupted. Waiting for it to come back…");
    } else if (state === "failed") {
      this.again();
    }
  }

  watch() {
    if (this.pc.connectionState === "connected" && performance.now() - this.heardMs > SILENT_MS) this.again();
    if (this.pc.connectionState === "disconnected") this.again();
  }

  // The way to the companion is gone, or another one is there: find the same session again.
  async again() {
    if (this.seeking) return;
    this.seeking = true;
    for (const wait of WAITS_MS) {
      await pause(wait);
      if (connection !== this) return;
      status("The connection is lost. Trying to get it back…");
      try {
        await this.connect();
        await this.stands();
        this.seeking = false;
        return;
      } catch (error) {
        if (error.refused === "no_such_session") this.session = "";   // it ended: a new one, then
        else if (error.refused && error.refused !== "too_many_sessions") return this.giveUp(error.message);
      }
    }
    this.giveUp("Is the companion still running? Press Start to try again.");
  }

  async stands() {
    const pc = this.pc, until = performance.now() + STANDS_MS;
    while (pc.connectionState !== "connected") {
      if (pc.connectionState === "failed" || performance.now() > until) throw new Error("not connected");
      await pause(50);
    }
  }

  giveUp(why) {
    if (connection !== this) return;
    stop("Not connected.");
    problem("The connection is gone", why);
  }

  close() {
    clearInterval(this.watching);
    if (this.ear) this.ear.close();
    if (this.awake) this.awake.release();
    if (this.channel) this.send({ type: "bye" });
    for (const pc of [this.before, this.pc]) if (pc) { pc.onconnectionstatechange = null; pc.close(); }
    for (const track of Object.values(this.tracks || {})) if (track) track.stop();
  }
}

const STATES = {
  waiting: "Connecting…", listening: "Listening. Just talk.", hearing: "I hear you…", settling: "Is that all?",
  thinking: "Thinking…", speaking: "Answering…", doubting: "Answering…", yielding: "I hear you…",
  weighing: "I hear you…", closed: "Over.",
};

async function start() {
  problem("");
  status("Asking for microphone and camera…");
  $("start").disabled = true;
  connection = new Connection();
  try {
    await connection.open();
    if (connection.pc.connectionState !== "connected") status("Connecting…");
    controls(true);
  } catch (error) {
    stop("Not connected.");
    problem("It did not start", error.message);
  }
}

function stop(words) {
  if (connection) connection.close();
  connection = null;
  $("preview").hidden = true;
  for (const name of ["microphone", "camera", "recording"]) live(name, false);
  controls(false);
  status(words);
}

// Push to talk: the button or the space bar. What was held too shortly for words was a tap.
const talk = {
  since: 0,
  press() {
    if (!connection || this.since) return;
    this.since = performance.now();
    $("talk").dataset.held = "true";
    connection.send({ type: "event", kind: "press" });
  },
  release() {
    if (!this.since) return;
    const tapped = performance.now() - this.since < TAP_MS;
    this.since = 0;
    delete $("talk").dataset.held;
    if (!connection) return;
    connection.send({ type: "event", kind: "release" });
    if (tapped) connection.send({ type: "event", kind: "tap" });
  },
};
const forTalking = (event) => event.code === "Space" && !event.target.closest("input, textarea, a, #start, form");

$("talk").addEventListener("pointerdown", () => talk.press());
$("talk").addEventListener("contextmenu", (event) => event.preventDefault());   // a long press on a phone
for (const over of ["pointerup", "pointercancel", "blur"]) addEventListener(over, () => talk.release());
addEventListener("keydown", (event) => { if (forTalking(event)) { event.preventDefault(); talk.press(); } });
addEventListener("keyup", (event) => { if (event.code === "Space") talk.release(); });
$("start").addEventListener("click", () => (connection ? stop("Stopped.") : start()));
$("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("question").value.trim();
  if (!text || !connection) return;
  connection.send({ type: "typed", text });
  $("question").value = "";
});
addEventListener("online", () => { if (connection && connection.pc) connection.again(); });   // another network
addEventListener("pagehide", () => { if (connection) connection.close(); });
