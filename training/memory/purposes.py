"""What an utterance is for, learned from wordings: `companion/memory/meaning/purpose.npz`.

pip install torch
python -m training.memory.purposes
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as fn

from companion.memory.meaning.encoder import DIMENSIONS, vector
from companion.memory.meaning.purpose import FILE, PURPOSES
from training.memory.episodes import FOLDER
from training.memory.utterances import Purpose, purposes

HIDDEN, ROUNDS, NOISE = 64, 12, 0.01


class Net(nn.Module):
    """As `companion.memory.meaning.purpose`, for many at once."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.out = nn.Linear(DIMENSIONS, HIDDEN), nn.Linear(HIDDEN, len(PURPOSES))

    def forward(self, vectors: Any, drop: float = 0.0) -> Any:
        return self.out(fn.dropout(torch.relu(self.hidden(vectors)), drop))


def trained(told: Sequence[Purpose]) -> Net:
    torch.manual_seed(0)
    net, right = Net(), torch.tensor([one.purpose for one in told])
    vectors = {text: vector(text) for text in dict.fromkeys(one.text for one in told)}
    meant = torch.tensor(np.stack([vectors[one.text] for one in told]))
    optimizer = torch.optim.AdamW(net.parameters(), 2e-3, weight_decay=0.05)
    for _ in range(ROUNDS):
        for rows in torch.randperm(len(told)).split(128):
            given = meant[rows] + NOISE * torch.randn(len(rows), DIMENSIONS)
            optimizer.zero_grad()
            fn.cross_entropy(net(given, 0.2), right[rows], label_smoothing=0.02).backward()
            optimizer.step()
    return net.eval()


def main() -> None:
    told = [one for file in sorted(FOLDER.glob("*.yaml")) for one in purposes(file, 11)]
    w = trained(told).state_dict()
    names = {"hidden": "hidden.weight", "hidden_bias": "hidden.bias", "out": "out.weight", "out_bias": "out.bias"}
    np.savez_compressed(FILE, **{name: w[of].numpy() for name, of in names.items()})
    print(f"{len(told)} utterances, {FILE.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
