"""Train the embedded recogniser: ``python -m training.train SHARDS CHECKPOINT --minutes 40``.

The one idea: the encoder sees what it will see at run time, the utterance and then about a second of zeros (the
dynamic window), with a share at the full 30 s. A CTC head on phonemes teaches the encoder to hear sounds, of phrases
and of everything else; it is thrown away afterwards.
"""

from __future__ import annotations

import argparse
import itertools
import random
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as functional
from transformers import WhisperConfig, WhisperForConditionalGeneration

from training import texts

SPECIAL = tuple(
    f"<|{name}|>"
    for name in (
        *("endoftext", "startoftranscript", "en", "translate", "transcribe"),
        *("startoflm", "startofprev", "nospeech", "notimestamps"),
    )
)

FULL_FRAMES = 3_000  # 30 s, Whisper's own window
MIN_FRAMES = 200
TAIL_FRAMES = (60, 160)  # of zeros after the utterance; at run time 100
BATCH = 32
FULL_WINDOW_BATCH = 4
FULL_WINDOW_EVERY = 60  # steps, in the second half of the time
CTC_WEIGHT = 0.3
PEAK_LEARNING_RATE = 2.0e-3
WARM_UP_STEPS = 200
ROUND_BATCHES = 500  # between two looks for new shards


def vocabulary() -> list[str]:
    """Token strings in id order: "?" and the words, each with Whisper's leading space, then the special tokens."""
    return [*(f"Ġ{word}" for word in (texts.UNKNOWN, *texts.known_words())), *SPECIAL]


def new_model(width: int, encoder_layers: int, decoder_layers: int) -> WhisperForConditionalGeneration:
    ids = {token: i for i, token in enumerate(vocabulary())}
    config = WhisperConfig(
        vocab_size=len(ids),
        d_model=width,
        encoder_layers=encoder_layers,
        decoder_layers=decoder_layers,
        encoder_attention_heads=width // 32,
        decoder_attention_heads=width // 32,
        encoder_ffn_dim=4 * width,
        decoder_ffn_dim=4 * width,
        num_mel_bins=80,
        max_source_positions=FULL_FRAMES // 2,
        max_target_positions=64,
        dropout=0.0,
        bos_token_id=ids["<|endoftext|>"],
        eos_token_id=ids["<|endoftext|>"],
        pad_token_id=ids["<|endoftext|>"],
        decoder_start_token_id=ids["<|startoftranscript|>"],
        suppress_tokens=[],
        begin_suppress_tokens=[ids["<|endoftext|>"]],
    )
    model = WhisperForConditionalGeneration(config)
    # The fused attention is several times slower backwards on a CPU in bfloat16.
    model.set_attn_implementation("eager")
    return model


def encode(model: WhisperForConditionalGeneration, mel: torch.Tensor) -> torch.Tensor:
    """(b, 80, t) to (b, t / 2, width) at any t up to 3000; the library's own forward insists on 3000."""
    encoder = model.model.encoder
    hidden = functional.gelu(encoder.conv1(mel))
    hidden = functional.gelu(encoder.conv2(hidden)).transpose(1, 2)
    hidden = hidden + encoder.embed_positions.weight[: hidden.shape[1]]
    for layer in encoder.layers:
        output = layer(hidden, None)
        hidden = output[0] if isinstance(output, tuple) else output
    return encoder.layer_norm(hidden)


class Clips:
    """All shards of a folder in memory; ``refresh`` picks up those written since."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: set[Path] = set()
        self.features: list[np.ndarray] = []
        self.targets: list[str] = []
        self.phonemes: list[str] = []
        self.speech: list[bool] = []
        self.refresh()

    def refresh(self) -> None:
        for path in sorted(set(self._folder.glob("shard_?????.npz")) - self._seen):
            self._seen.add(path)
            with np.load(path) as file:
                features, offsets = file["features"], file["offsets"]
                self.features += [features[:, a:b] for a, b in itertools.pairwise(offsets)]
                self.targets += map(str, file["targets"])
                self.phonemes += map(str, file["phonemes"])
                self.speech += map(bool, file["speech"])

    def batches(self, rng: random.Random) -> list[list[int]]:
        """All clips in batches of like length, in random order."""
        lengths = [f.shape[1] + rng.uniform(0, 60) for f in self.features]
        order = sorted(range(len(lengths)), key=lengths.__getitem__)
        batches = [order[i : i + BATCH] for i in range(0, len(order), BATCH)]
        rng.shuffle(batches)
        return batches


class Trainer:
    """One step at a time over ``Clips``."""

    def __init__(self, model: WhisperForConditionalGeneration, clips: Clips, seed: int) -> None:
        self.model, self.clips, self.rng = model, clips, random.Random(seed)
        self.ids = {token: i for i, token in enumerate(vocabulary())}
        self.symbols: dict[str, int] = {}
        self.ctc = torch.nn.Linear(model.config.d_model, 80)
        named = [*model.named_parameters(), *self.ctc.named_parameters()]
        trained = [(name, p) for name, p in named if p.requires_grad]
        groups = [
            {"params": [p for _, p in trained if p.dim() > 1], "weight_decay": 0.02},
            {"params": [p for _, p in trained if p.dim() <= 1], "weight_decay": 0.0},
        ]
        self.optimiser = torch.optim.AdamW(groups, lr=PEAK_LEARNING_RATE, betas=(0.9, 0.98))

    def mel(self, batch: list[int], frames: int) -> torch.Tensor:
        """(b, 80, frames): features, then zeros, with small holes in time and frequency."""
        mel = np.zeros((len(batch), 80, frames), dtype=np.float32)
        for row, i in enumerate(batch):
            feature = self.clips.features[i]
            length = min(feature.shape[1], frames)
            mel[row, :, :length] = feature[:, :length]
            if self.rng.random() < 0.5:
                width, start = self.rng.randrange(1, 10), self.rng.randrange(80)
                mel[row, start : start + width, :length] = mel[row, :, :length].mean()
            if self.rng.random() < 0.3:
                width, start = self.rng.randrange(1, 6), self.rng.randrange(length)
                mel[row, :, start : start + width] = mel[row, :, :length].mean()
        return torch.from_numpy(mel)

    def labels(self, batch: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Decoder inputs and what each position should predict (-100: no opinion)."""
        ids = self.ids
        rows = []
        for i in batch:
            words = [ids[f"Ġ{w}"] for w in self.clips.targets[i].split()]
            first = ids["<|notimestamps|>"] if self.clips.speech[i] else ids["<|nospeech|>"]
            inputs = [ids["<|startoftranscript|>"], ids["<|notimestamps|>"], *words]
            rows.append((inputs, [first, *words, ids["<|endoftext|>"]]))
        longest = max(len(inputs) for inputs, _ in rows)
        inputs_t = torch.full((len(rows), longest), ids["<|endoftext|>"])
        outputs_t = torch.full((len(rows), longest), -100)
        for r, (inputs, outputs) in enumerate(rows):
            inputs_t[r, : len(inputs)] = torch.tensor(inputs)
            outputs_t[r, : len(outputs)] = torch.tensor(outputs)
        return inputs_t, outputs_t

    def ctc_loss(self, hidden: torch.Tensor, batch: list[int]) -> torch.Tensor:
        rows = [r for r, i in enumerate(batch) if self.clips.phonemes[i]]
        if not rows:
            return hidden.new_zeros(())
        symbols = self.symbols
        sounds = [
            [symbols.setdefault(c, min(79, len(symbols) + 1)) for c in self.clips.phonemes[batch[r]]] for r in rows
        ]
        steps = torch.tensor([min(hidden.shape[1], self.clips.features[batch[r]].shape[1] // 2 + 1) for r in rows])
        scores = functional.log_softmax(self.ctc(hidden[rows]).float(), dim=-1).transpose(0, 1)
        flat = torch.tensor([s for sound in sounds for s in sound])
        lengths = torch.tensor([len(sound) for sound in sounds])
        loss = functional.ctc_loss(scores, flat, steps, lengths, reduction="none", zero_infinity=True)
        return (loss / lengths).mean()

    def step(self, batch: list[int], learning_rate: float, frames: int | None = None) -> tuple[float, float]:
        """One update; returns the decoder's and the CTC head's loss."""
        longest = max(self.clips.features[i].shape[1] for i in batch)
        frames = frames or min(FULL_FRAMES, max(MIN_FRAMES, longest + self.rng.randint(*TAIL_FRAMES)))
        frames += frames % 2
        inputs, outputs = self.labels(batch)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            hidden = encode(self.model, self.mel(batch, frames))
            decoded = self.model.model.decoder(input_ids=inputs, encoder_hidden_states=hidden).last_hidden_state
            logits = self.model.proj_out(decoded)
            sound_loss = self.ctc_loss(hidden, batch)
        text_loss = functional.cross_entropy(logits.float().flatten(0, 1), outputs.flatten(), ignore_index=-100)
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate
        self.optimiser.zero_grad(set_to_none=True)
        (text_loss + CTC_WEIGHT * sound_loss).backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        return text_loss.item(), sound_loss.item()


def train(
    folder: Path,
    checkpoint: Path,
    minutes: float,
    seed: int,
    shape: tuple[int, int, int],
    learning_rate: float,
    start: Path | None,
) -> None:
    """Train for a time with a warm-up and a linear fall to zero over the planned minutes; save at the end."""
    torch.manual_seed(seed)
    model = new_model(*shape)
    trainer = Trainer(model, Clips(folder), seed)
    if start:
        state = torch.load(start, weights_only=True)
        model.load_state_dict(state["model"])
        trainer.ctc.load_state_dict(state["ctc"])
        trainer.symbols.update(state["symbols"])
    print("parameters", sum(p.numel() for p in model.parameters()), "clips", len(trainer.clips.targets), flush=True)
    begun, step, sums = time.monotonic(), 0, np.zeros(2)
    while True:
        trainer.clips.refresh()
        for batch in trainer.clips.batches(trainer.rng)[:ROUND_BATCHES]:
            done = (time.monotonic() - begun) / (60 * minutes)
            if done >= 1:
                save(trainer, shape, checkpoint)
                return
            rate = learning_rate * min(1.0, (step + 1) / WARM_UP_STEPS) * (1 - done)
            full = done > 0.5 and step % FULL_WINDOW_EVERY == FULL_WINDOW_EVERY - 1
            if full:
                trainer.step(batch[:FULL_WINDOW_BATCH], rate, FULL_FRAMES)
            else:
                sums += trainer.step(batch, rate)
            step += 1
            if step % 200 == 0:
                minutes_in = (time.monotonic() - begun) / 60
                print(f"step {step} {minutes_in:.1f} min text {sums[0] / 200:.3f} ctc {sums[1] / 200:.3f}", flush=True)
                sums[:] = 0
            if step % 500 == 0:
                save(trainer, shape, checkpoint)


def save(trainer: Trainer, shape: tuple[int, int, int], path: Path) -> None:
    temporary = path.with_suffix(".part")
    state = {"model": trainer.model.state_dict(), "ctc": trainer.ctc.state_dict()}
    torch.save({**state, "symbols": trainer.symbols, "shape": list(shape)}, temporary)
    temporary.rename(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shards", type=Path)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--encoder-layers", type=int, default=3)
    parser.add_argument("--decoder-layers", type=int, default=2)
    parser.add_argument("--learning-rate", type=float, default=PEAK_LEARNING_RATE)
    parser.add_argument("--start", type=Path, help="a checkpoint to go on from")
    o = parser.parse_args()
    train(
        o.shards,
        o.checkpoint,
        o.minutes,
        o.seed,
        (o.width, o.encoder_layers, o.decoder_layers),
        o.learning_rate,
        o.start,
    )


if __name__ == "__main__":
    main()
