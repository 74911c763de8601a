"""The weights of `companion/memory/meaning/weights.npz`, or how well they do for a writer who was left out.

pip install torch
python -m training.memory.train                      # all wordings -> weights.npz
python -m training.memory.train --leave-out 06 09    # figures for each of these, trained on the others
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as fn

from companion.memory.meaning import encoder
from companion.memory.meaning.judge import FILE, LONGEST
from companion.memory.meaning.lexicon import DIMENSIONS, vectors
from companion.memory.meaning.pairs import FEATURES, MOST, NAME, asked, between, told
from training.memory.episodes import FOLDER, Episode, episodes

SURE = 0.85  # as pipelines.memory.likely
COUNT = 1200  # episodes of each writer
FACTS = 13  # in one episode at most
OFTEN = 400  # words with numbers of their own
MEMBERS = 3  # nets, trained alike from other beginnings, whose judgements are averaged
SIZE = HIDDEN = 24
VIEW = 48  # numbers that are taken of a whole text's vector
ROUNDS, BATCH, RATE, DECAY, DROP = 14, 128, 3e-3, 0.02, 0.4
WEIGHT = {
    "ask": 1.0,
    "forget": 1.0,
    "untold": 1.5,
    "near": 0.5,
    "again": 1.0,
    "new": 1.5,
    "unknown": 1.5,
    "other": 1.0,
    "small_talk": 1.0,
}
VECTORS: dict[str, Any] = {"": np.zeros(encoder.DIMENSIONS, np.float32)}


class Data:
    """Episodes as numbers. `often`: the words with numbers of their own, the most frequent first."""

    def __init__(self, found: Sequence[Episode], often: Sequence[str] = ()) -> None:
        sides = [asked(e.question).words for e in found], [[told(f).words for f in e.facts] for e in found]
        if not often:
            count = Counter(word for words in sides[0] for word in words)
            count.update(word for them in sides[1] for words in them for word in words)
            often = [word for word, _ in count.most_common(OFTEN)]
        self.often = list(often)
        own = {word: i + 1 for i, word in enumerate(often)}
        table: dict[str, int] = {"": 0}
        for words in [*sides[0], *(words for them in sides[1] for words in them)]:
            for word in words:
                table.setdefault(word, len(table))
        self.vectors = torch.tensor(vectors(tuple("" if word == NAME else word for word in table)))
        self.own = torch.tensor([own.get(word, 0) for word in table])
        self.question = torch.tensor([_padded([table[w] for w in words]) for words in sides[0]])
        empty = [0] * MOST
        self.facts = torch.tensor(
            [([_padded([table[w] for w in ws]) for ws in them] + [empty] * FACTS)[:FACTS] for them in sides[1]]
        )
        self.there = torch.tensor([[i < len(e.facts) for i in range(FACTS)] for e in found])
        blank = [np.zeros(FEATURES, np.float32)] * FACTS
        self.between = torch.tensor(
            np.array([([between(asked(e.question), told(f)) for f in e.facts] + blank)[:FACTS] for e in found])
        )
        texts = {"": 0}
        for text in (t for e in found for t in (e.question, *e.facts)):
            texts.setdefault(text, len(texts))
        self.meant = torch.tensor(np.stack([VECTORS[text[:LONGEST]] for text in texts]))
        self.asks = torch.tensor([texts[e.question] for e in found])
        self.tells = torch.tensor([([texts[f] for f in e.facts] + [0] * FACTS)[:FACTS] for e in found])
        self.right = torch.tensor([e.right if e.right >= 0 else FACTS for e in found])
        self.kinds = np.array([e.kind for e in found])
        self.weight = torch.tensor([WEIGHT[e.kind] for e in found])


def encode(found: Sequence[Episode]) -> None:
    """The vectors of all texts, made once."""
    texts = sorted({text[:LONGEST] for e in found for text in (e.question, *e.facts)} - VECTORS.keys())
    with ProcessPoolExecutor() as pool:
        VECTORS.update(zip(texts, pool.map(encoder.vector, texts, chunksize=500), strict=True))


def _padded(row: list[int]) -> list[int]:
    return row + [0] * (MOST - len(row))


class Net(nn.Module):
    """As `companion.memory.meaning.judge`, for many questions at once."""

    def __init__(self, mean: Any, spread: Any) -> None:
        super().__init__()
        self.a, self.b = (nn.Linear(DIMENSIONS, SIZE, bias=False) for _ in "ab")
        self.a_words, self.b_words = (nn.Embedding(OFTEN + 1, SIZE) for _ in "ab")
        self.a_weights, self.b_weights = (nn.Embedding(OFTEN + 1, 1) for _ in "ab")
        for table in (self.a_words, self.b_words):
            nn.init.zeros_(table.weight)
        for table in (self.a_weights, self.b_weights):
            nn.init.ones_(table.weight)
        self.asks, self.tells = (nn.Linear(encoder.DIMENSIONS, VIEW, bias=False) for _ in "ab")
        nn.init.orthogonal_(self.asks.weight)
        with torch.no_grad():
            self.tells.weight.copy_(self.asks.weight)
        self.hidden, self.out = nn.Linear(FEATURES + 4, HIDDEN), nn.Linear(HIDDEN, 1)
        self.plain, self.nothing = nn.Linear(FEATURES + 4, 1), nn.Linear(SIZE, 1)
        self.unasked = nn.Linear(VIEW, 1, bias=False)
        nn.init.zeros_(self.unasked.weight)
        self.mean, self.spread = nn.Buffer(mean), nn.Buffer(spread)

    def side(self, data: Data, at: Any, of: Any, words: Any, weights: Any, drop: float) -> Any:
        share = weights(data.own[at]) * (at > 0).float().unsqueeze(-1)
        if drop:
            share = share * (torch.rand_like(share) > drop)
        return ((of(data.vectors[at]) + words(data.own[at])) * share).sum(-2) / (share.abs().sum(-2) + 1.0)

    def forward(self, data: Data, rows: Any, drop: float = 0.0) -> Any:
        u = self.side(data, data.question[rows], self.a, self.a_words, self.a_weights, drop)
        v = self.side(data, data.facts[rows], self.b, self.b_words, self.b_weights, drop)
        alike = (fn.normalize(u, dim=-1, eps=1e-3).unsqueeze(1) * fn.normalize(v, dim=-1, eps=1e-3)).sum(-1, True)
        x = (data.between[rows] - self.mean) / self.spread
        wanted, meant = data.meant[data.asks[rows]], data.meant[data.tells[rows]]
        if drop:
            wanted, meant = fn.dropout(wanted, 0.1), fn.dropout(meant, 0.1)
        asks, tells = self.asks(wanted), self.tells(meant)
        close = (wanted.unsqueeze(1) * meant).sum(-1, True)
        view = (fn.normalize(asks, dim=-1, eps=1e-3).unsqueeze(1) * fn.normalize(tells, dim=-1, eps=1e-3)).sum(-1, True)
        x = torch.cat([x, 3 * alike, (u.unsqueeze(1) * v).sum(-1, True), 4 * close - 1.6, 4 * view - 1.2], -1)
        x = fn.dropout(x, 0.05) if drop else x
        score = (self.plain(x) + self.out(torch.relu(self.hidden(x)))).squeeze(-1)
        return torch.cat([score.masked_fill(~data.there[rows], -1e9), self.nothing(u) + self.unasked(asks)], -1)


def trained(data: Data, seed: int = 0) -> Net:
    torch.manual_seed(seed)
    some = data.between[data.there]
    net = Net(some.mean(0), some.std(0) + 1e-3)
    steps = ROUNDS * -(-len(data.right) // BATCH)
    optimizer = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    for _ in range(ROUNDS):
        for rows in torch.randperm(len(data.right)).split(BATCH):
            losses = fn.cross_entropy(net(data, rows, DROP), data.right[rows], reduction="none")
            optimizer.zero_grad()
            (losses * data.weight[rows]).mean().backward()
            optimizer.step()
            schedule.step()
    return net.eval()


def written(nets: Sequence[Net], often: Sequence[str]) -> None:
    """Each array with one more dimension in front: the member."""
    of = [{name: value.numpy() for name, value in net.state_dict().items()} for net in nets]
    w = {name: np.stack([one[name] for one in of]).astype(np.float32) for name in of[0]}
    np.savez_compressed(
        FILE,
        words=np.frombuffer("\n".join(often).encode(), np.uint8),
        mean=w["mean"][0],
        spread=w["spread"][0],
        hidden=w["hidden.weight"],
        hidden_bias=w["hidden.bias"],
        out=w["out.weight"][:, 0],
        out_bias=w["out.bias"],
        plain=w["plain.weight"][:, 0],
        plain_bias=w["plain.bias"],
        nothing=w["nothing.weight"][:, 0],
        nothing_bias=w["nothing.bias"][:, 0],
        asks=w["asks.weight"],
        tells=w["tells.weight"],
        unasked=w["unasked.weight"][:, 0],
        **{f"{side}_vectors": w[f"{side}.weight"] for side in "ab"},
        **{f"{side}_words": w[f"{side}_words.weight"] for side in "ab"},
        **{f"{side}_weights": w[f"{side}_weights.weight"][:, :, 0] for side in "ab"},
    )
    print(f"{sum(value.size for value in w.values())} numbers, {FILE.stat().st_size / 1e3:.0f} kB")


def figures(nets: Sequence[Net], data: Data) -> str:
    """How many are answered right if 2, 5 or 10 of 100 questions that nothing answers are answered."""
    with torch.no_grad():
        scores = [net(data, torch.arange(len(data.right))) for net in nets]
    best, at = (sum(score[:, :-1] - score[:, -1:] for score in scores) / len(scores)).max(-1)
    best, right = torch.sigmoid(best).numpy(), (at == data.right).numpy()
    asks, kinds = data.kinds == "ask", data.kinds
    out = [f"first {right[asks].mean():.3f}"]
    for share in (0.02, 0.05, 0.1):
        bar = np.quantile(best[np.isin(kinds, ["untold", "unknown"])], 1 - share)
        wrong = (~right & (best > bar))[asks].mean()
        others = ", ".join(
            f"{kind} {(best > bar)[kinds == kind].mean():.3f}" for kind in ("near", "other", "small_talk")
        )
        out.append(
            f"{share:.0%} (over {bar:.2f}): {(right & (best > bar))[asks].mean():.3f} wrong {wrong:.3f} {others}"
        )
    for kind, none in (("forget", False), ("again", False), ("new", True)):
        of = kinds == kind
        sure = best[of] > SURE
        out.append(
            f"{kind}: {(sure if none else right[of] & sure).mean():.3f}"
            + ("" if none else f" wrong {(sure & ~right[of]).mean():.3f}")
        )
    return "\n    ".join(out)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--leave-out", nargs="*", default=[])
    args = arguments.parse_args()
    found = {file.stem: list(episodes(file, 7, COUNT)) for file in sorted(FOLDER.glob("*.yaml"))}
    for them in found.values():
        encode(them)
    if not args.leave_out:
        data = Data([e for them in found.values() for e in them])
        written([trained(data, seed) for seed in range(MEMBERS)], data.often)
    for name in args.leave_out:
        data = Data([e for other, them in found.items() if other != name for e in them])
        print(
            name, figures([trained(data, seed) for seed in range(MEMBERS)], Data(found[name], data.often)), flush=True
        )


if __name__ == "__main__":
    main()
