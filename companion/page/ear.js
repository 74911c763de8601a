// What reached the ear: the companion remembers what was heard, and not what it sent.

const PROGRESS_MS = 250;
const ahead = (a, b) => ((a - b) << 0) >= 0;   // RTP timestamps wrap at 32 bits

// "speaking" and "spoken" name the answer's packets by RTP timestamp; the receiver knows which one is being played now.
export class Ear {
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
