// What the page itself makes heard and felt: only what the companion cannot say, because it is not there.

const TUNES = {   // [pitch in Hz, length in s] after each other
  lost: [[520, .12], [330, .2]],
  back: [[392, .1], [587, .16]],
  muted: [[440, .06], [294, .1]],
  open: [[294, .06], [440, .1]],
};
const LOUD = .12;
let sound = null;

// After a tap; before one, browsers let no sound out.
export function ready() {
  try {
    sound = sound || new AudioContext();
    sound.resume().catch(() => {});
  } catch {
    sound = null;
  }
}

export function tune(name) {
  if (navigator.vibrate) navigator.vibrate(name === "lost" ? [120, 80, 120] : 40);
  if (!sound || sound.state !== "running") return;
  let at = sound.currentTime + .01;
  for (const [pitch, length] of TUNES[name]) {
    const tone = new OscillatorNode(sound, { frequency: pitch }), loud = new GainNode(sound, { gain: 0 });
    loud.gain.linearRampToValueAtTime(LOUD, at + .01);
    loud.gain.setValueAtTime(LOUD, at + length - .02);
    loud.gain.linearRampToValueAtTime(0, at + length);
    tone.connect(loud).connect(sound.destination);
    tone.start(at);
    tone.stop(at + length);
    at += length;
  }
}

// Aloud, by a voice of this device: others would send the words away. True if there is one.
export function say(text) {
  const voices = window.speechSynthesis ? speechSynthesis.getVoices() : [];
  const voice = voices.find((v) => v.localService && v.lang.toLowerCase().startsWith("en"));
  if (!voice) return false;
  const words = new SpeechSynthesisUtterance(text);
  words.voice = voice;
  words.lang = voice.lang;
  speechSynthesis.speak(words);
  return true;
}
