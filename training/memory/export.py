"""The fitted encoder as `encoder.onnx`: the words of English alone, weights in 8-bit integers."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import Any

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import nn
from torch.nn import functional as fn

from companion.memory.meaning.encoder import MODEL, WORDS

KEPT = re.compile(r"\[(?:PAD|UNK|CLS|SEP)\]|(?:##)?[a-z]+|(?:##)?[0-9]{1,4}|(?:##)?[!-~£€°]")


class Whole(nn.Module):
    """Tokens of one text -> one vector of length one."""

    def __init__(self, bert: Any) -> None:
        super().__init__()
        self.bert = bert

    def forward(self, tokens: Any) -> Any:
        there = torch.ones_like(tokens)
        states = self.bert(input_ids=tokens, attention_mask=there, token_type_ids=0 * there).last_hidden_state
        return fn.normalize(states.mean(1), dim=-1)


def write(bert: Any, folder: Path) -> None:
    """`folder`: where the vocabulary lies that it was trained with."""
    words = (folder / "vocab.txt").read_text(encoding="utf-8").splitlines()
    kept = [i for i, word in enumerate(words) if KEPT.fullmatch(word)]
    bert.embeddings.word_embeddings = nn.Embedding.from_pretrained(bert.embeddings.word_embeddings.weight[kept])
    WORDS.write_text("\n".join(words[i] for i in kept) + "\n", encoding="utf-8")
    with tempfile.TemporaryDirectory() as scratch:
        plain = str(Path(scratch) / "plain.onnx")
        torch.onnx.export(
            Whole(bert).eval(),
            (torch.tensor([[1, 5, 7, 2]]),),
            plain,
            input_names=["tokens"],
            output_names=["vector"],
            dynamic_axes={"tokens": {1: "length"}},
            opset_version=17,
            dynamo=False,
        )
        quantize_dynamic(plain, str(MODEL), weight_type=QuantType.QInt8, per_channel=True)
    print(json.dumps({"words": len(kept), "bytes": MODEL.stat().st_size}))
