"""A vision model of 200,000 random weights: it says nothing sensible, but pictures really reach it.

Runs in a Python that has torch and transformers, and knows nothing of us. Nothing is downloaded: tokenizer, weights and
chat template are made here. What it writes is what `transformers serve` is started with.

    python tiny_model.py FOLDER
"""

from __future__ import annotations

import string
import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    CLIPVisionConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedTokenizerFast,
)

try:  # the same picture work with Pillow alone; the other one wants torchvision
    from transformers import CLIPImageProcessorPil as CLIPImageProcessor
except ImportError:
    from transformers import CLIPImageProcessor

SPECIAL = ("<pad>", "<s>", "</s>", "<unk>", "<image>")
IMAGE_PX, PATCH_PX = 30, 6  # 25 patches, and so 25 tokens a picture
TEMPLATE = (
    "{% for m in messages %}{{ m['role'] }}: "
    "{% if m['content'] is string %}{{ m['content'] }}"
    "{% else %}{% for part in m['content'] %}"
    "{% if part['type'] == 'image' %}<image>{% elif part['type'] == 'text' %}{{ part['text'] }}{% endif %}"
    "{% endfor %}{% endif %}\n{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}"
)


def tokenizer() -> PreTrainedTokenizerFast:
    """One token a byte: every text can be said."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: at for at, token in enumerate((*SPECIAL, *alphabet))}
    core = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token="<unk>"))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=core, pad_token="<pad>", bos_token="<s>", eos_token="</s>", unk_token="<unk>",
        additional_special_tokens=["<image>"],
    )  # fmt: skip


def model(tokens: int) -> LlavaForConditionalGeneration:
    sizes = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(image_size=IMAGE_PX, patch_size=PATCH_PX, projection_dim=32, **sizes),
        text_config=LlamaConfig(
            vocab_size=tokens, max_position_embeddings=4096, bos_token_id=1, eos_token_id=2, pad_token_id=0, **sizes
        ),
        image_token_id=SPECIAL.index("<image>"),
        vision_feature_select_strategy="default",
        vision_feature_layer=-1,
    )
    torch.manual_seed(1)
    made = LlavaForConditionalGeneration(config)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = [at for at, c in enumerate(alphabet, len(SPECIAL)) if c in string.ascii_letters]
    made.generation_config.suppress_tokens = [at for at in range(tokens) if at not in words]
    made.generation_config.max_new_tokens = 24
    return made


def main(folder: Path) -> None:
    words = tokenizer()
    made = model(len(words))
    size = {"height": IMAGE_PX, "width": IMAGE_PX}
    pictures = CLIPImageProcessor(size=size, crop_size=size, do_center_crop=False)
    processor = LlavaProcessor(
        image_processor=pictures, tokenizer=words, patch_size=PATCH_PX, vision_feature_select_strategy="default",
        image_token="<image>", num_additional_image_tokens=1, chat_template=TEMPLATE,
    )  # fmt: skip
    made.save_pretrained(folder)
    processor.save_pretrained(folder)
    print(f"{made.num_parameters()} weights in {folder}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
