// Push to talk: the large button or the space bar. What was held too shortly for words was a tap.

import { $ } from "./view.js";

export const TAP_MS = 250;      // held for less than this, the button was tapped
const OWN_SPACE = "input, textarea, a, button:not(#talk), form, dialog";   // where a blank means something else

// `send(kind)`: "press", "release" or "tap", false if nobody is there. `held(on)`: the button is down.
export function pushToTalk(send, held) {
  let since = 0;

  function press() {
    if (since || !send("press")) return;
    since = performance.now();
    $("talk").dataset.held = "true";
    $("talk-word").textContent = "Let go when done";
    held(true);
  }

  function release() {
    if (!since) return;
    const tapped = performance.now() - since < TAP_MS;
    since = 0;
    delete $("talk").dataset.held;
    $("talk-word").textContent = "Hold to talk";
    held(false);
    send("release");
    if (tapped) send("tap");
  }

  const forTalking = (event) => event.code === "Space" && !event.target.closest(OWN_SPACE);
  $("talk").addEventListener("pointerdown", (event) => { if (event.button === 0) press(); });
  $("talk").addEventListener("contextmenu", (event) => event.preventDefault());   // a long press on a phone
  // Enter, or a screen reader that clicks without a finger: there is no holding, so it is a tap.
  $("talk").addEventListener("click", (event) => { if (event.detail === 0) send("tap"); });
  for (const over of ["pointerup", "pointercancel", "blur"]) addEventListener(over, release);
  addEventListener("keydown", (event) => { if (forTalking(event)) { event.preventDefault(); press(); } });
  addEventListener("keyup", (event) => {
    if (event.code !== "Space") return;
    if (forTalking(event)) event.preventDefault();   // else it would click the button as well
    release();
  });
}
