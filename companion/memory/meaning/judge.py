"""How likely it is that a fact answers a question: the vectors of both and of their words, laid side by side by what
was learned from wordings (`weights.npz`, made by `training/memory/train.py`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from companion.memory.meaning.encoder import vector
from companion.memory.meaning.lexicon import vectors
from companion.memory.meaning.pairs import NAME, asked, between, told

FILE: Final = Path(__file__).with_name("weights.npz")
Numbers = NDArray[np.float32]
_SHORTEST: Final = 1e-3
LONGEST: Final = 400  # letters of a text that count; nobody tells a fact in more


class Judge:
    """The weights, read once."""

    def __init__(self) -> None:
        with np.load(FILE) as data:
            self._mean, self._spread = data["mean"], data["spread"]
            stacked = {name: data[name] for name in data.files if name not in {"words", "mean", "spread"}}
            known = bytes(data["words"]).decode().split("\n")
        self._all = stacked
        self._members = [{name: w[i] for name, w in stacked.items()} for i in range(len(stacked["out"]))]
        self._at = {word: i + 1 for i, word in enumerate(known)}

    def judge(self, question: str, facts: Sequence[str], meant: Numbers | None = None) -> list[float]:
        """How likely each fact answers it rather than none, 0 to 1. `meant`: (facts, DIMENSIONS) of the encoder, where
        they are known."""
        if not facts:
            return []
        q, wanted = asked(question[:LONGEST]), vector(question[:LONGEST])
        them = [told(fact[:LONGEST]) for fact in facts]
        if meant is None:
            meant = np.stack([vector(fact[:LONGEST]) for fact in facts])
        features = (np.stack([between(q, one) for one in them]) - self._mean) / self._spread
        u, v = self._sides([q.words], "a"), self._sides([one.words for one in them], "b")
        odds = [self._odds(w, u[i, 0], v[i], features, wanted, meant) for i, w in enumerate(self._members)]
        return [float(p) for p in 1 / (1 + np.exp(-np.clip(np.mean(odds, 0), -30, 30)))]

    def _odds(
        self, w: Mapping[str, Numbers], u: Numbers, v: Numbers, features: Numbers, wanted: Numbers, meant: Numbers
    ) -> Numbers:
        """The logarithms of the odds, by one of the nets. `u`, `v`: what the question and each fact say, as it has
        them."""
        asks, tells = w["asks"] @ wanted, meant @ w["tells"].T
        close = [4 * (meant @ wanted) - 1.6, 4 * (_unit(tells) @ _unit(asks)) - 1.2]
        x = np.column_stack([features, 3 * (_unit(v) @ _unit(u)), v @ u, *close])
        hidden = np.maximum(x @ w["hidden"].T + w["hidden_bias"], 0)
        score: Numbers = x @ w["plain"] + w["plain_bias"] + hidden @ w["out"] + w["out_bias"]
        return score - float(u @ w["nothing"] + w["nothing_bias"] + asks @ w["unasked"])

    def _sides(self, texts: Sequence[Sequence[str]], side: str) -> Numbers:
        """(nets, texts, n): what each text says, as a few numbers: of its words together, by what each weighs."""
        words = [word for text in texts for word in text]
        of = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
        at = [self._at.get(word, 0) for word in words]
        each = vectors(tuple("" if word == NAME else word for word in words)) @ self._all[f"{side}_vectors"].swapaxes(
            1, 2
        )
        share = self._all[f"{side}_weights"][:, at]
        which = (of == np.arange(len(texts))[:, None]).astype(np.float32)
        out: Numbers = which @ ((each + self._all[f"{side}_words"][:, at]) * share[..., None])
        out /= (np.abs(share) @ which.T + 1.0)[..., None]
        return out


@cache
def judge() -> Judge:
    """The one of this process."""
    return Judge()


def _unit(x: Numbers) -> Numbers:
    out: Numbers = x / np.maximum(np.linalg.norm(x, axis=-1, keepdims=True), _SHORTEST)
    return out
