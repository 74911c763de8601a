// What one sees, and what a screen reader says. Only what changes rarely is announced: the conversation itself is heard.

export const $ = (id) => document.getElementById(id);
const CAPTIONS_KEPT = 12;
const ASIDES_KEPT = 6;
const LONGEST_ASIDE = 2000;
const NAMES = { wearer: "You", companion: "Earshot", page: "This page" };
const STATES = {
  waiting: "Connecting…", listening: "Listening. Just talk.", hearing: "I hear you…", settling: "Is that all?",
  thinking: "Thinking…", speaking: "Answering…", doubting: "Answering…", yielding: "I hear you…",
  weighing: "I hear you…", closed: "Over.",
};
const WAITING = { closed: "Waiting. Hold the button, or say the phrase.", asleep: "Asleep. Tap the button to wake me." };

export function status(text) { $("status").textContent = text; }

// For screen readers only, politely, and again if it is the same.
export function announce(text) {
  $("said").textContent = "";
  setTimeout(() => { $("said").textContent = text; }, 50);
}

export function problem(title, text = "") {
  const box = $("problem");
  box.hidden = !title;
  if (!title) return box.replaceChildren();
  const strong = document.createElement("strong");
  strong.textContent = title;
  const seen = document.createElement("button");
  seen.type = "button";
  seen.className = "quiet";
  seen.textContent = "OK";
  seen.addEventListener("click", () => problem(""));
  box.replaceChildren(strong, document.createTextNode(text), seen);
}

export function live(name, on, word = on ? "on" : "off", warn = false) {
  const item = $("live-" + name);
  item.dataset.on = String(Boolean(on));
  item.dataset.warn = String(Boolean(warn));
  item.querySelector("span").textContent = word;
}

let sameAnswer = false; // the companion's next caption goes on with the one that is shown

export function answerOver() { sameAnswer = false; }

export function caption(who, text) {
  if (!text) return;
  const list = $("captions");
  if (who === "companion" && sameAnswer && list.lastElementChild) {
    list.lastElementChild.append(" " + text);
  } else {
    sameAnswer = who === "companion";
    const item = document.createElement("li"), label = document.createElement("small");
    item.dataset.who = who;
    label.textContent = NAMES[who] || who;
    item.append(label, document.createTextNode(text));
    for (const old of list.children) old.classList.add("old");
    list.append(item);
    while (list.children.length > CAPTIONS_KEPT) list.firstElementChild.remove();
  }
  toTheEnd();
}

function toTheEnd() { $("captions").scrollTop = $("captions").scrollHeight; }
new ResizeObserver(toTheEnd).observe($("captions"));

// What is not spoken. Where it leads is shown first, so that a long address cannot hide it; only plain web addresses
// become links, and nothing is fetched until the wearer follows one.
export function aside(kind, text) {
  if (typeof text !== "string" || !text || text.length > LONGEST_ASIDE) return;
  const list = $("asides"), item = document.createElement("li"), what = document.createElement("small");
  if ([...list.children].some((old) => old.dataset.text === text)) return;
  item.dataset.text = text;
  what.textContent = kind === "source" ? "Source" : "Link";
  item.append(what, ...address(text));
  list.append(item);
  list.hidden = false;
  while (list.children.length > ASIDES_KEPT) list.firstElementChild.remove();
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

// ------------------------------------------------------------------------------------- how the session says it stands

let standing = null;   // the companion's last word on it
let state = "";

export function conversation(name) {
  state = name;
  const waits = name === "listening" && standing && WAITING[standing.attention];
  status(waits || STATES[name] || name);
}

export function stands(message) {
  const before = standing;
  standing = message;
  const where = message.local ? "local" : "questions leave";
  live("model", message.model, message.model ? `${message.model}, ${where}` : message.private ? "none that is local" : "none");
  live("private", message.private, message.private ? "on" : "off");
  live("recording", message.recording);
  speaker();
  // Read out while nothing is spoken; else two voices would talk at once, and one of them into the microphone.
  $("captions").setAttribute("aria-live", message.voice ? "off" : "polite");
  if (before && before.private !== message.private) announce(`Private mode is ${message.private ? "on" : "off"}.`);
  if (before && before.recording && !message.recording) announce("This is not recorded any more.");
  $("talk-tap").textContent = WAITING[message.attention] ? "or tap, and I listen" : "or tap to stop the answer";
  choices();
  if (state) conversation(state);
}

let held = false;   // the browser lets no sound out before a tap

export function speaker(waits = held) {
  held = waits;
  const voice = !standing || standing.voice;
  if (held) live("speaker", false, "waits for a tap", true);
  else live("speaker", voice, voice ? "on" : "captions only");
}

// The controls show what the companion says, also after a wish that it did not grant.
export function choices() {
  if (!standing) return;
  for (const box of document.querySelectorAll("input[name=mode]")) box.checked = box.value === standing.mode;
  $("private").checked = standing.private;
  $("voice").checked = standing.voice;
}

export function microphone(track, muted, held) {
  if (!track) return live("microphone", false, "none", true);
  if (muted) return live("microphone", held, held ? "on while held" : "muted");
  live("microphone", !track.muted, track.muted ? "silent: another app has it" : "on", track.muted);
}

export function camera(track, facing) {
  const shown = $("preview");
  shown.hidden = !track;
  const [before] = shown.srcObject ? shown.srcObject.getTracks() : [];
  if (before !== track) shown.srcObject = track ? new MediaStream([track]) : null;   // the same one goes on unbroken
  if (!track) return live("camera", false, facing === "off" ? "off" : "none", facing !== "off");
  const real = track.getSettings().facingMode;
  shown.dataset.facing = real || "";
  shown.play().catch(() => {});
  live("camera", true, { user: "front", environment: "back" }[real] || "on");
}

export function controls(on, words) {
  const button = $("start");
  button.disabled = false;
  button.hidden = on;
  if (on) $("welcome").hidden = true;
  $("captions").hidden = !$("welcome").hidden;
  $("talk").hidden = $("row").hidden = $("ask").hidden = !on;
  if (on) return;
  standing = null;
  held = false;
  state = "";
  if ($("sheet").open) $("sheet").close();
  for (const name of ["microphone", "camera", "speaker", "connection", "private", "recording"]) live(name, false);
  live("model", false, "not known yet");
  $("preview").hidden = true;
  $("preview").srcObject = null;
  status(words);
  announce(words);
  button.focus();
}
