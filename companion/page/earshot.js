// The page as a device: one tap, then voice. No library, no build step, nothing loaded from anywhere else.
//
//     media.js       microphone and camera          connection.js  the wire, lost and found again
//     ear.js         what reached the ear           talk.js        the button to talk
//     view.js        what is seen and announced     signs.js       what the page itself makes heard

import { Connection, listen } from "./connection.js";
import { Media, unable } from "./media.js";
import { ready, say, tune } from "./signs.js";
import { pushToTalk } from "./talk.js";
import * as view from "./view.js";

const { $ } = view;
const LONG_AWAY = 6;   // tries without a connection: say what to look at
const WISH_MS = 3000;  // a wish that the companion did not grant by then is shown as it is

const page = { connection: null, media: null, awake: null };   // `earshot` in the browser's console
window.earshot = page;

// ---------------------------------------------------------------------------------- kept over a reload, by this tab only

const kept = {
  read() {
    try { return JSON.parse(sessionStorage.getItem("earshot")) || {}; } catch { return {}; }
  },
  write(changes) {
    try { sessionStorage.setItem("earshot", JSON.stringify({ ...this.read(), ...changes })); } catch { /* no storage: no resuming */ }
  },
};

// ------------------------------------------------------------------------------------------------------ start and end

const told = {
  named: (session) => kept.write({ session }),
  answer(sound) {
    $("answer").srcObject = sound;
    $("answer").play().catch(waitForATap);
  },
  message(message) {
    const act = {
      hello() {
        view.live("recording", message.recording);
        if (page.media.choices.muted) event("microphone", "off");
      },
      status: () => view.stands(message),
      caption: () => view.caption(message.who, message.text),
      aside: () => view.aside(message.kind, message.text),
      state: () => view.conversation(message.state),
      spoken: () => view.answerOver(),
    }[message.type];
    if (act) act();
  },
  connected(again) {
    view.live("connection", true, "on");
    view.speaker();
    show();
    const then = listen ? "Answers are played here. Talk to the camera app."
      : page.media.microphone ? "Listening. Just talk." : "Connected. Type your question below.";
    view.status(then);
    if (again) tune("back");
    view.announce(again ? "Connected again." : then.replace("Listening", "Connected"));
  },
  lost() {
    const words = "The connection is lost. I am trying to get it back.";
    tune("lost");
    view.answerOver();
    view.caption("page", words);
    if (!say(words)) view.announce(words);
  },
  trying(tries) {
    view.live("connection", false, "lost, trying", true);
    view.status(tries < LONG_AWAY ? "The connection is lost. Trying to get it back…"
      : "Still no connection. Is this device in the network, and does the companion run?");
  },
  over: (words, why) => { stop(words); if (why) view.problem("The connection is gone", why); },
};

async function start(session = "") {
  const hindrance = unable(listen);
  if (hindrance) return view.problem(...hindrance);
  ready();
  view.problem("");
  view.status("Asking for microphone and camera…");
  $("start").disabled = true;
  const { facing = "environment", muted = false } = kept.read();
  const media = page.media = new Media({ facing, muted }, show);
  const connection = page.connection = new Connection(media, session, told);
  try {
    if (!listen) await media.open();
    if (page.connection !== connection) return media.close();
    tellMissing();
    await connection.open();
    if (page.connection !== connection) return;
    view.controls(true);
    view.live("connection", connection.stood, connection.stood ? "on" : "connecting");
    if (!connection.stood) view.status("Connecting…");
    show();
    if (!kept.read().muted) $("talk").focus({ preventScroll: true });
    stayAwake();
  } catch (error) {
    if (page.connection !== connection) return;
    stop("Not connected.");
    view.problem("It did not start", error.message);
  }
}

function tellMissing() {
  const { missing } = page.media;
  view.problem(missing.length ? "Going on without " + missing.map((m) => (m.startsWith("Camera") ? "a camera" : "a microphone")).join(" and ") : "", missing.join(" "));
}

function stop(words) {
  const { connection, media } = page;
  page.connection = page.media = null;
  if (connection) connection.close();
  if (media) media.close();
  if (page.awake) page.awake.release().catch(() => {});
  page.awake = null;
  kept.write({ session: "", muted: false });
  waits = false;
  $("answer").srcObject = null;
  view.controls(false, words);
}

// How microphone and camera stand; what the phone has taken is taken back when the page is seen again.
function show() {
  const { media } = page;
  if (!media || !page.connection) return;
  $("mute").hidden = $("camera").hidden = Boolean(listen);
  if (listen) return;   // both are the camera app's
  view.microphone(media.microphone, media.choices.muted, media.held);
  view.camera(media.camera, media.choices.facing);
  $("mute").setAttribute("aria-pressed", String(media.choices.muted));
  for (const box of document.querySelectorAll("input[name=camera]")) box.checked = box.value === media.choices.facing;
}

// A browser lets sound out only from a tap on; a finger's tap is one when it is lifted, and a tap may not count.
const TAPS = ["pointerup", "touchend", "click", "keydown"];
let waits = false;   // no sound comes out, and it was told

function waitForATap(why) {
  if (why.name !== "NotAllowedError" || !page.connection) return;   // another answer's sound took its place
  waits = true;
  view.speaker(true);
  view.problem("No sound yet", "The browser lets sound out only after a tap: tap anywhere.");
}

function tapped() {
  if (!page.connection) return;
  ready();   // a page that is loaded anew has not been tapped yet
  if (!waits) return;
  $("answer").play().then(() => {
    if (waits) view.problem("");
    waits = false;
    view.speaker(false);
  }).catch(() => {});   // the next one, then
}

// ------------------------------------------------------------------------------------------------------- what one does

function event(kind, value) {
  if (!page.connection) return false;
  const message = { type: "event", kind, ...(value === undefined ? {} : { value }) };
  if (value === undefined) page.connection.send(message);   // the button is held now or not at all
  else page.connection.want(message);
  return true;
}

// A wish is said as the wearer would say it, and answered aloud in the same way.
function wish(text) {
  if (!page.connection || !text) return;
  page.connection.want({ type: "typed", text });
}

function mute() {
  const { media } = page;
  if (!media) return;
  const on = !media.choices.muted;
  media.mute(on);
  kept.write({ muted: on });
  tune(on ? "muted" : "open");
  event("microphone", on ? "off" : "on");
}

async function look(facing) {
  const { media, connection } = page;
  if (!media) return;
  await media.look(facing);
  kept.write({ facing });
  tellMissing();
  show();
  await connection.replace().catch(() => {});
  event("camera", { user: "front", environment: "back" }[facing] || "off");
}

// A phone that goes to sleep stops its camera and microphone.
async function stayAwake() {
  if (!navigator.wakeLock || !page.connection || document.visibilityState !== "visible") return;
  page.awake = await navigator.wakeLock.request("screen").catch(() => null);
}

async function seenAgain() {
  if (document.visibilityState !== "visible" || !page.connection) return;
  stayAwake();
  ready();   // a call silences what a page plays, and pauses it
  if ($("answer").srcObject) $("answer").play().catch(waitForATap);
  const { connection, media } = page;
  if (await media.renew()) { tellMissing(); show(); await connection.replace().catch(() => {}); }
  connection.watch();
}

pushToTalk(event, (on) => page.media && page.media.hold(on));
$("start").addEventListener("click", () => start());
$("end").addEventListener("click", () => stop("Ended."));
$("mute").addEventListener("click", mute);
$("again").addEventListener("click", () => wish("again"));
$("hush").addEventListener("click", () => wish("stop"));
$("more").addEventListener("click", () => { view.choices(); $("sheet").showModal(); });
$("close").addEventListener("click", () => $("sheet").close());
$("sheet").addEventListener("click", (click) => { if (click.target === $("sheet")) $("sheet").close(); });   // beside it
$("ask").addEventListener("submit", (submit) => {
  submit.preventDefault();
  wish($("question").value.trim());
  $("question").value = "";
});
$("camera").addEventListener("change", (change) => look(change.target.value));
$("mode").addEventListener("change", (change) => wish({ instant: "quick mode", thinking: "thinking mode", contemplating: "contemplating mode" }[change.target.value]));
$("private").addEventListener("change", (change) => wish(change.target.checked ? "private mode" : "leave private mode"));
$("voice").addEventListener("change", (change) => wish(change.target.checked ? "speak again" : "captions only"));
for (const name of ["mode", "private", "voice"]) $(name).addEventListener("change", () => setTimeout(view.choices, WISH_MS));

function size(value) {
  document.documentElement.dataset.size = value;
  for (const box of document.querySelectorAll("input[name=size]")) box.checked = box.value === value;
  $("captions").scrollTop = $("captions").scrollHeight;
  try { localStorage.setItem("earshot-size", value); } catch { /* it is chosen again next time */ }
}
$("size").addEventListener("change", (change) => size(change.target.value));
try { size(localStorage.getItem("earshot-size") || "large"); } catch { size("large"); }

for (const tap of TAPS) addEventListener(tap, tapped, true);
document.addEventListener("visibilitychange", seenAgain);
addEventListener("pageshow", (shown) => { if (shown.persisted) seenAgain(); });
addEventListener("online", () => { if (page.connection && page.connection.pc) page.connection.again(false); });   // another network
if (navigator.connection) navigator.connection.addEventListener("change", () => { if (page.connection && page.connection.pc) page.connection.watch(); });
if (kept.read().session) start(kept.read().session);   // the page was loaded anew: go on
