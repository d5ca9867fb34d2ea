"""Making tiny bases on disk, in the layout of the Hub."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, normalizers, pre_tokenizers, processors
from tokenizers.models import Unigram
from transformers import AutoModelForMaskedLM, BertConfig, DistilBertConfig, ModernBertConfig, RobertaConfig

from xling.bases.base import Base, load_base

FAMILY_NAMES = ("bert", "roberta", "distilbert", "modernbert")
WORDS = "amina anaishi nairobi juma alisoma kitabu katika shule ya dodoma na moshi leo kesho mtoto".split()
LETTERS = "abcdefghijklmnopqrstuvwxyz"
TEXTS = [
    " ".join(WORDS[(3 * line + step * step + line // 7) % len(WORDS)] for step in range(4 + line % 5))
    for line in range(120)
]
_SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]
HIDDEN, LAYERS = 16, 2


def tiny_base(family: str, folder: Path, *, head: bool = True, seed: int = 0) -> Base:
    """A random base of a family, of the words above."""
    save_weights(family, folder, len(_pieces()), head=head, seed=seed)
    save_tokenizer(folder)
    return load_base(folder)


def save_weights(family: str, folder: Path, pieces: int, *, head: bool = True, seed: int = 0) -> None:
    """Random weights, large enough that a wrong residual would show, for so many pieces."""
    torch.manual_seed(seed)
    model = AutoModelForMaskedLM.from_config(_config(family, pieces))
    with torch.no_grad():
        for name, value in model.named_parameters():
            if value.ndim > 1:
                value.normal_(0.0, 0.15)
            elif "norm" not in name.lower():
                value.normal_(0.0, 0.1)
    (model if head else model.base_model).save_pretrained(folder)


def save_tokenizer(folder: Path, pieces: list[tuple[str, float]] | None = None) -> None:
    """A Unigram tokenizer of the words above and of letters."""
    tokenizer = Tokenizer(Unigram(pieces or _pieces(), unk_id=3, byte_fallback=False))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    tokenizer.add_special_tokens([*_SPECIAL, "<mask>"])
    tokenizer.save(str(folder / "tokenizer.json"))
    roles = {"bos": "<s>", "eos": "</s>", "sep": "</s>", "cls": "<s>", "unk": "<unk>", "pad": "<pad>"}
    config = {f"{role}_token": text for role, text in roles.items()}
    config |= {"mask_token": "<mask>", "tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 64}
    (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")


def _pieces() -> list[tuple[str, float]]:
    words = [(f"▁{word}", -2.0 - number / 10) for number, word in enumerate(WORDS)]
    letters = [(letter, -8.0) for letter in LETTERS] + [("▁", -6.0)]
    return [(text, 0.0) for text in _SPECIAL] + words + letters + [("<mask>", 0.0)]


def _config(family: str, pieces: int):
    shared = {"vocab_size": pieces, "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2}
    sizes = {
        "hidden_size": HIDDEN,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": 2,
        "intermediate_size": 32,
    }
    if family == "bert":
        return BertConfig(**shared, **sizes, max_position_embeddings=64)
    if family == "roberta":
        return RobertaConfig(**shared, **sizes, max_position_embeddings=66, type_vocab_size=1)
    if family == "distilbert":
        return DistilBertConfig(
            **shared, dim=HIDDEN, n_layers=LAYERS, n_heads=2, hidden_dim=32, max_position_embeddings=64
        )
    return ModernBertConfig(
        **shared,
        **sizes,
        max_position_embeddings=64,
        cls_token_id=0,
        sep_token_id=2,
        local_attention=16,
        global_attn_every_n_layers=2,
        attn_implementation="sdpa",
    )
