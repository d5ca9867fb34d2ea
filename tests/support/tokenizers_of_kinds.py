"""The tiny base with tokenizers of other kinds than its own, each learned on the same words."""

from __future__ import annotations

from dataclasses import replace

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from support.tiny import TEXTS
from xling.bases.base import Base
from xling.bases.word_starts import space_before_words

SPECIAL = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"]
KINDS = ("Unigram", "WordPiece", "bytes")


def with_tokenizer(base: Base, kind: str) -> Base:
    """The base, reading with another kind of tokenizer; its table is not of that tokenizer's pieces."""
    return base if kind == "Unigram" else replace(base, tokenizer=_wrapped(_MADE[kind]()))


def _wordpiece() -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=48, special_tokens=SPECIAL, show_progress=False)
    tokenizer.train_from_iterator(TEXTS, trainer)
    return tokenizer


def _bytes() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=290, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(TEXTS, trainer)
    return tokenizer


def _wrapped(tokenizer: Tokenizer) -> PreTrainedTokenizerFast:
    numbers = [(text, tokenizer.token_to_id(text)) for text in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=numbers
    )
    roles = {"pad": "[PAD]", "cls": "[CLS]", "sep": "[SEP]", "unk": "[UNK]", "mask": "[MASK]"}
    named = {f"{role}_token": text for role, text in roles.items()}
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer, **named)
    space_before_words(wrapped)  # as every base's is when it is opened; older releases switch it off
    return wrapped


_MADE = {"WordPiece": _wordpiece, "bytes": _bytes}
