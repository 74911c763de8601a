// The cursor: one place in the session that sound, pictures, words and lanes all follow. No library, nothing loaded.
"use strict";

const $ = (id) => document.getElementById(id);
const data = JSON.parse($("data").textContent);
const sound = $("sound");
const SAID_S = 0.6;         // after that words are shown as said, no longer as being said
const HISTORY_S = 12;
const LONG_S = 600;         // a longer session begins enlarged, with half of this in view; "Fit" shows it whole
const COMING_S = 3;         // before the first picture that one is shown: better than a hole
const MOST_PX = 200000;     // wider strips are slow to draw
const FINEST_PX = 1000;     // of one second: a pixel is a millisecond
const NARROW_PX = 26;       // a box below this shows no words: half a letter helps nobody
const SLICE_S = 5;          // a slice that begins later than this is shown from where it begins

let at = 0;                 // seconds of the session clock
let playing = false;
let began = null;           // without sound: [session second, clock millisecond] at which playing began
let zoom = 1;
let lit = null;             // the card of the turn at the cursor
let spoken = null;          // the row of the transcript at the cursor

const clamp = (x, low, high) => Math.min(Math.max(x, low), high);

function clock(s) {
  const hundredths = Math.round(s * 100), minutes = Math.floor(hundredths / 6000), rest = hundredths % 6000;
  const tail = String(Math.floor(rest / 100)).padStart(2, "0") + "." + String(rest % 100).padStart(2, "0");
  return minutes < 60 ? `${minutes}:${tail}` : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${tail}`;
}

// The last of a sorted list that starts at or before t, or null.
function latest(list, t, start) {
  let low = 0, high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (start(list[middle]) <= t) low = middle + 1; else high = middle;
  }
  return low ? list[low - 1] : null;
}

const source = (picture) => picture.url ??= "data:image/jpeg;base64," + picture.jpeg;
const said = [...data.said].sort((a, b) => a.start - b.start);
const lines = [...document.querySelectorAll("#lines .line.own")].map((cell) => ({ start: Number(cell.dataset.seek), end: Number(cell.dataset.end), row: cell.parentElement }));
lines.sort((a, b) => a.start - b.start);

// What a voice said last: dimmed once it is over, gone when it is history.
function say(id, row) {
  const over = row && row.end !== null ? at - row.end : 0;
  setText(id, row && over < HISTORY_S ? row.text : "");
  $(id).classList.toggle("past", over > SAID_S);
}

function setText(id, text) { if ($(id).textContent !== text) $(id).textContent = text; }

function show() {
  const share = data.seconds ? at / data.seconds : 0;
  $("cursor").style.left = `${share * 100}%`;
  $("seek").value = at;
  setText("time", clock(at));
  const state = latest(data.states, at, (row) => row[0]);
  const turn = data.turns.findLast((row) => row.start <= at && at <= row.end);
  setText("now-state", state ? state[1] : "");
  setText("now-turn", turn ? `turn ${turn.n}` : "");
  $("seek").setAttribute("aria-valuetext", `${clock(at)}${state ? ", " + state[1] : ""}${turn ? ", turn " + turn.n : ""}`);
  say("now-wearer", latest(data.speech, at, (row) => row.start));
  say("now-companion", latest(said, at, (row) => row.start));
  showPicture();
  const card = turn ? $(`turn-${turn.n}`) : null;
  if (card !== lit) {
    lit?.classList.remove("live");
    card?.classList.add("live");
    lit = card;
  }
  showLine();
}

// The line of the transcript that is being said, brought into view of its own box while the session plays.
function showLine() {
  const line = latest(lines, at, (one) => one.start), row = line && at <= line.end + SAID_S ? line.row : null;
  if (row === spoken) return;
  spoken?.classList.remove("sounding");
  row?.classList.add("sounding");
  spoken = row;
  const box = $("transcript-box");
  if (row && playing && (row.offsetTop < box.scrollTop || row.offsetTop + row.offsetHeight > box.scrollTop + box.clientHeight))
    box.scrollTop = row.offsetTop - box.clientHeight / 3;
}

// The picture at a moment; before the first one that one, if it is about to come.
function pictureAt(t) {
  return latest(data.film, t, (row) => row.t) ?? (data.film[0]?.t - t < COMING_S ? data.film[0] : null);
}

function showPicture() {
  const picture = pictureAt(at);
  $("picture").hidden = !picture;
  $("no-picture").hidden = Boolean(picture);
  if (picture && $("picture").dataset.id !== String(picture.id)) {
    $("picture").src = $("thumb").src = source(picture);
    $("picture").dataset.id = picture.id;
  }
  setText("picture-note", picture ? `frame ${picture.id}, captured at ${clock(picture.t)}` : "");
}

function seek(t) {
  at = clamp(t, 0, data.seconds);
  if (sound) sound.currentTime = at;
  began = [at, performance.now()];
  show();
  keepInView();
}

function keepInView() {
  const box = $("scroll"), x = data.seconds ? at / data.seconds * $("inner").clientWidth : 0;
  if (x < box.scrollLeft || x > box.scrollLeft + box.clientWidth) box.scrollLeft = x - box.clientWidth * 0.2;
}

function follow() {
  if (!playing) return;
  at = clamp(sound ? sound.currentTime : began[0] + (performance.now() - began[1]) / 1000, 0, data.seconds);
  if (at >= data.seconds) pause();
  show();
  keepInView();
  requestAnimationFrame(follow);
}

async function play() {
  if (at >= data.seconds - 0.05) seek(0);
  began = [at, performance.now()];
  if (sound) {
    try { await sound.play(); } catch (why) { setText("picture-note", `The sound does not play here: ${why.message}`); return; }
  }
  if (playing) return;
  playing = true;
  setText("play", "Pause");
  requestAnimationFrame(follow);
}

function pause() {
  playing = false;
  sound?.pause();
  setText("play", "Play");
}

const toggle = () => playing ? pause() : play();

function toTurn(step) {
  const starts = data.turns.map((turn) => turn.start);
  const next = step > 0 ? starts.find((s) => s > at + 0.01) : starts.findLast((s) => s < at - 0.5);
  if (next !== undefined) seek(next);
}

// ------------------------------------------------------------------------------------------------------------- timeline

function stretch(factor) {
  const box = $("scroll"), middle = data.seconds ? at / data.seconds : 0;
  zoom = factor === 0 ? 1 : clamp(zoom * factor, 1, Math.max(1, Math.min(MOST_PX / box.clientWidth, data.seconds * FINEST_PX / box.clientWidth)));
  $("inner").style.width = `${zoom * 100}%`;
  box.scrollLeft = middle * $("inner").clientWidth - box.clientWidth / 2;
  drawAll();
}

function drawAll() {
  drawRuler();
  drawFilm();
  const boxes = [...document.querySelectorAll(".state, .turn, .spoken")];
  const narrow = boxes.map((box) => box.getBoundingClientRect().width < NARROW_PX);
  boxes.forEach((box, i) => box.classList.toggle("narrow", narrow[i]));
}

function drawRuler() {
  const room = $("inner").clientWidth, steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];
  const step = steps.find((s) => data.seconds / s * 75 <= room) ?? 3600;
  const ruler = $("ruler"), ns = ruler.namespaceURI, fresh = document.createDocumentFragment();
  for (let i = 0; i * step <= data.seconds; i++) {
    const x = `${i * step / data.seconds * 100}%`, line = document.createElementNS(ns, "line"), text = document.createElementNS(ns, "text");
    for (const [name, value] of Object.entries({ x1: x, x2: x, y1: 14, y2: 20 })) line.setAttribute(name, value);
    for (const [name, value] of Object.entries({ x, y: 11, dx: 3 })) text.setAttribute(name, value);
    text.textContent = step < 1 ? clock(i * step) : clock(i * step).slice(0, -3);
    fresh.append(line);
    if (room - i * step / data.seconds * room > 45) fresh.append(text);
  }
  ruler.replaceChildren(fresh);
}

// Pictures for what is in view and one screen to either side of it.
function drawFilm() {
  const box = $("scroll"), wide = $("inner").clientWidth, step = 96, screen = box.clientWidth;
  const from = Math.max(0, Math.floor((box.scrollLeft - screen) / step)), to = Math.min(wide, box.scrollLeft + 2 * screen);
  const fresh = document.createDocumentFragment();
  for (let i = from; data.film.length && i * step < to; i++) {
    const picture = pictureAt((i + 0.5) * step / wide * data.seconds);
    if (!picture) continue;
    const image = new Image();
    image.src = source(picture);
    image.alt = "";
    Object.assign(image.style, { left: `${i * step}px`, width: `${step}px`, objectFit: "cover" });
    fresh.append(image);
  }
  $("film-strip").replaceChildren(fresh);
}

function tip(tick) {
  const box = $("tip");
  box.hidden = !tick;
  if (!tick) return;
  const [t, text, reason] = data.ticks[tick.dataset.tick];
  const head = document.createElement("b");
  head.textContent = `${clock(t)}  ${text}`;
  box.replaceChildren(head, reason);
  const place = tick.getBoundingClientRect();
  box.style.left = `${clamp(place.x - 20, 8, innerWidth - box.offsetWidth - 8)}px`;
  box.style.top = `${place.y - box.offsetHeight - 8 > 0 ? place.y - box.offsetHeight - 8 : place.bottom + 8}px`;
}

// Ticks stand in toolbars, one for each lane of them; arrows stay in theirs.
function goToTick(from, step) {
  const row = [...from.closest("[role=toolbar]").querySelectorAll("[data-tick]")];
  const to = row[clamp(row.indexOf(from) + step, 0, row.length - 1)];
  for (const one of row) one.tabIndex = one === to ? 0 : -1;
  seek(data.ticks[to.dataset.tick][0]);
  to.focus();
}

const placeOf = (event) => {
  const box = $("inner").getBoundingClientRect();
  return clamp((event.clientX - box.x) / box.width, 0, 1) * data.seconds;
};

// ---------------------------------------------------------------------------------------------------------- decision log

function filter() {
  const wanted = $("find").value.toLowerCase(), kind = $("kind").value;
  let found = 0;
  for (const row of $("decisions").rows) {
    row.hidden = (kind && row.dataset.kind !== kind) || (wanted && !row.textContent.toLowerCase().includes(wanted));
    found += !row.hidden;
  }
  $("found").textContent = wanted || kind ? `${found} found` : "";
}

// ------------------------------------------------------------------------------------------------------------- listening

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const on = event.target, typing = on.matches("input:not([type=range]), select, textarea");
  if (typing) return;
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (step && on.matches(".tick")) goToTick(on, step);
  else if (step && !on.matches("pre, .wide")) seek(at + step * (event.shiftKey ? 5 : 1));
  else if (event.key === "," || event.key === ".") seek(at + (event.key === "." ? 0.01 : -0.01));
  else if (event.key === " " && !on.matches("button, summary, a")) toggle();
  else if (event.key === "Enter" && on.matches(".tick")) seek(data.ticks[on.dataset.tick][0]);
  else if (event.key === "n" || event.key === "N") toTurn(1);
  else if (event.key === "p" || event.key === "P") toTurn(-1);
  else return;
  event.preventDefault();
}

function onClick(event) {
  const button = event.target.closest("[data-seek]"), tick = event.target.closest("[data-tick]");
  if (tick) seek(data.ticks[tick.dataset.tick][0]);
  else if (button) {
    seek(Number(button.dataset.seek));
    if (button.hasAttribute("data-play")) play();
    else if (button.dataset.turn) $(`turn-${button.dataset.turn}`)?.scrollIntoView({ block: "nearest" });
  }
}

function scrub() {
  let held = false;
  $("inner").addEventListener("pointerdown", (event) => {
    if (event.button || event.target.closest("[data-tick], [data-seek]")) return;
    held = event.pointerType === "mouse";
    seek(placeOf(event));
  });
  addEventListener("pointermove", (event) => { if (held) seek(placeOf(event)); });
  addEventListener("pointerup", () => { held = false; });
}

// "#t=12.5" and "#turn=3" are places in the session; "#differs-3" is a place on the page that may be folded.
function followHash() {
  const [, name, value] = /^#(t|turn)=(\d+(?:\.\d+)?)$/.exec(location.hash) ?? [];
  if (name === "t") seek(Number(value));
  const fold = /^#differs-\d+$/.test(location.hash) ? $(location.hash.slice(1)) : null;
  if (fold) fold.open = true;
  if (name !== "turn") return Boolean(name);
  const turn = data.turns.find((row) => row.n === Number(value));
  if (turn) seek(turn.start);
  else setText("picture-note", `There is no turn ${value} in this session.`);
  $(`turn-${value}`)?.scrollIntoView({ block: "nearest" });
  return Boolean(turn);
}

function start() {
  document.documentElement.classList.add("js");
  $("play").disabled = $("seek").disabled = false;
  $("play").addEventListener("click", toggle);
  $("seek").addEventListener("input", () => seek(Number($("seek").value)));
  $("zoom-in").addEventListener("click", () => stretch(2));
  $("zoom-out").addEventListener("click", () => stretch(0.5));
  $("zoom-fit").addEventListener("click", () => stretch(0));
  $("find").addEventListener("input", filter);
  $("kind").addEventListener("change", filter);
  sound?.addEventListener("ended", pause);
  sound?.addEventListener("error", () => setText("picture-note", "This browser cannot play the sound."));
  document.addEventListener("keydown", onKey);
  document.addEventListener("click", onClick);
  for (const [on, off] of [["mouseover", "mouseout"], ["focusin", "focusout"]]) {
    document.addEventListener(on, (event) => tip(event.target.closest?.("[data-tick]")));
    document.addEventListener(off, () => tip(null));
  }
  let asked = false;
  $("scroll").addEventListener("scroll", () => {
    if (!asked) requestAnimationFrame(() => { asked = false; drawFilm(); });
    asked = true;
  });
  addEventListener("resize", drawAll);
  new IntersectionObserver(([player]) => { $("thumb").hidden = player.isIntersecting || !data.film.length; })
    .observe(document.querySelector(".player"));
  scrub();
  const slice = data.begins > SLICE_S ? data.seconds / (data.seconds - data.begins) : 1;
  seek(data.begins > SLICE_S ? data.begins : 0);
  stretch(Math.max(slice, data.seconds > LONG_S ? data.seconds / LONG_S * 2 : 1));
  if (slice > 1) $("scroll").scrollLeft = $("scroll").scrollWidth;
  followHash();
  addEventListener("hashchange", followHash);
}

start();
