// Microphone and camera: asked for in one question, and if that fails one by one, so that one that is missing or refused
// does not take the other with it.

const MICROPHONE = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const REFUSALS = {
  NotAllowedError: "It was not allowed. Open the sign beside the page’s address (or the browser’s settings for this " +
    "site), allow it there, and tap Start again.",
  NotFoundError: "There is none on this device, or it is unplugged.",
  NotReadableError: "Another program is using it. Close that program, then tap Start again.",
  OverconstrainedError: "It cannot do what was asked of it.",
};

// Why this page can be no device here, or null: [what, what to do].
// `listens`: it only plays.
export function unable(listens) {
  if (!listens && !window.isSecureContext) {
    return ["This address gets no camera and no microphone", "Browsers give them only to https pages and to 127.0.0.1. " +
      "For a phone, start the companion with: companion run --lan, and open the https address that it prints. On the " +
      "companion’s own machine open the address exactly as it printed it."];
  }
  if (!window.RTCPeerConnection) {
    return ["This browser has no WebRTC", "It is too old, or WebRTC is switched off (lockdown mode, an extension, a " +
      "policy). Switch it on for this site, or use a current Chrome, Edge, Firefox or Safari."];
  }
  if (!listens && (!navigator.mediaDevices || !navigator.mediaDevices.getUserMedia)) {
    return ["This browser gives no camera and no microphone", "Use a current Chrome, Edge, Firefox or Safari, and not " +
      "the small browser inside another app."];
  }
  return null;
}

async function ask(kind, wanted) {
  try {
    return (await navigator.mediaDevices.getUserMedia({ [kind]: wanted })).getTracks()[0];
  } catch (error) {
    return { error: REFUSALS[error.name] || error.message || error.name };
  }
}

async function askForBoth(facing) {
  try {
    const both = await navigator.mediaDevices.getUserMedia({ audio: MICROPHONE, video: view(facing) });
    return [both.getAudioTracks()[0], both.getVideoTracks()[0]];
  } catch {
    return [];
  }
}

const view = (facing) => ({
  width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 }, facingMode: { ideal: facing },
});

export class Media {
  // `choices`: {facing: "environment" | "user" | "off", muted: bool}, kept over a reload. `changed()`: look again.
  constructor(choices, changed) {
    this.choices = choices;
    this.changed = changed;
    this.microphone = this.camera = null;
    this.missing = [];
    this.held = false;
  }

  async open() {
    this.missing = [];
    const looks = this.choices.facing !== "off";
    const [microphone, camera] = looks ? await askForBoth(this.choices.facing) : [];
    await this.openMicrophone(microphone);
    if (looks) await this.openCamera(camera);
    if (!this.microphone && this.missing.length > 1) throw new Error(this.missing.join(" "));
  }

  // `given`: a track that is there already.
  async openMicrophone(given) {
    this.microphone = this.taken(given || await ask("audio", MICROPHONE), "Microphone");
    this.hear();
  }

  async openCamera(given) {
    if (this.camera) this.camera.stop();   // many phones open one camera at a time
    this.camera = this.taken(given || await ask("video", view(this.choices.facing)), "Camera");
    if (this.camera) this.camera.contentHint = "detail";   // legible text matters more than smooth motion
  }

  taken(track, name) {
    if (track.error) {
      this.missing.push(`${name}: ${track.error}`);
      return null;
    }
    for (const event of ["mute", "unmute", "ended"]) track.addEventListener(event, () => this.changed());
    return track;
  }

  // Muted, the microphone sends silence, but while the button to talk is held it does not.
  hear() { if (this.microphone) this.microphone.enabled = !this.choices.muted || this.held; }

  mute(on) { this.choices.muted = on; this.hear(); this.changed(); }

  hold(on) { this.held = on; this.hear(); this.changed(); }

  async look(facing) {
    this.choices.facing = facing;
    this.missing = [];
    if (facing !== "off") return this.openCamera();
    if (this.camera) this.camera.stop();
    this.camera = null;
  }

  // What the system has taken away, for a call or while the screen was off. True if there is something new.
  async renew() {
    const ended = (track) => track && track.readyState === "ended";
    const deaf = ended(this.microphone), blind = ended(this.camera);
    if (deaf) await this.openMicrophone();
    if (blind) await this.openCamera();
    return Boolean(deaf || blind);
  }

  close() {
    for (const track of [this.microphone, this.camera]) if (track) track.stop();
    this.microphone = this.camera = null;
  }
}
