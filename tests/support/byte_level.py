"""Tiny bases over bytes, as RoBERTa and ModernBERT are: with the space before it, a word is another piece."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from support.tiny import TEXTS, save_weights

FAMILY_OF = {"RobertaTokenizer": "roberta", "PreTrainedTokenizerFast": "modernbert"}
PLAIN = pre_tokenizers.ByteLevel(add_prefix_space=False)
_SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
_ROLES = {"bos": 0, "pad": 1, "eos": 2, "sep": 2, "cls": 0, "unk": 3, "mask": 4}


def byte_level(folder: Path, opener: str = "RobertaTokenizer", splitter: Any = PLAIN) -> Path:
    """The folder of a base whose tokenizer transformers opens with this class, split by this."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer, tokenizer.decoder = splitter, decoders.ByteLevel()
    return _saved(folder, opener, tokenizer, pre_tokenizers.ByteLevel.alphabet())


def marked(folder: Path) -> Path:
    """The folder of a base that writes spaces as ▁ before it splits, as Gemma's tokenizer does."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    return _saved(folder, "PreTrainedTokenizerFast", tokenizer, sorted(set("".join(TEXTS))))


def _saved(folder: Path, opener: str, tokenizer: Tokenizer, alphabet: list[str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=_SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(TEXTS, trainer)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {f"{role}_token": _SPECIAL[number] for role, number in _ROLES.items()}
    config["tokenizer_class"] = opener
    (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    save_weights(FAMILY_OF[opener], folder, tokenizer.get_vocab_size())
    return folder
