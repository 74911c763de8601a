"""A checkpoint to the folder that stock faster-whisper loads: ``python -m training.convert CHECKPOINT``.

The one idea: one token a word. The tokenizer is a word list whose unknown word is "?", the ids in tokenizer.json and
vocabulary.json are those of training, and text ids lie below <|endoftext|>, as faster-whisper expects.
Weights are int8; what cannot be (positions, norms, biases) is stored as float16.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path

import tokenizers
import torch
from ctranslate2.converters.transformers import WhisperLoader
from tokenizers import decoders, models, pre_tokenizers

from training import texts
from training.train import SPECIAL, new_model, vocabulary

FOLDER = texts.ROOT / "pipelines" / "hearing" / "embedded"
MODEL_FILES = ("config.json", "model.bin", "vocabulary.json", "tokenizer.json", "preprocessor_config.json")


def make_tokenizer() -> tokenizers.Tokenizer:
    ids = {token: i for i, token in enumerate(vocabulary())}
    tokenizer = tokenizers.Tokenizer(models.WordLevel(ids, unk_token=f"Ġ{texts.UNKNOWN}"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(list(SPECIAL))
    return tokenizer


def convert(checkpoint: Path, folder: Path) -> None:
    """Write the five model files into ``folder``, each replaced in one step; other files there stay."""
    state = torch.load(checkpoint, weights_only=True)
    model = new_model(*state["shape"])
    model.load_state_dict(state["model"])
    ids = {token: i for i, token in enumerate(vocabulary())}
    spec = WhisperLoader().get_model_spec(model.eval())
    spec.register_vocabulary(vocabulary())
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = [ids["<|endoftext|>"]]
    spec.config.alignment_heads = [[0, 0]]
    spec.config.lang_ids = [ids["<|en|>"]]
    spec.validate()
    spec.optimize(quantization="int8_float16")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        made = Path(temporary)
        spec.save(temporary)
        make_tokenizer().save(str(made / "tokenizer.json"), pretty=False)
        features = {"feature_size": 80, "sampling_rate": 16_000, "hop_length": 160, "chunk_length": 30, "n_fft": 400}
        (made / "preprocessor_config.json").write_text(json.dumps(features) + "\n", encoding="utf-8")
        for name in MODEL_FILES:
            shutil.copyfile(made / name, folder / f".{name}.part")
            (folder / f".{name}.part").replace(folder / name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    options = parser.parse_args()
    convert(options.checkpoint, options.folder)


if __name__ == "__main__":
    main()
