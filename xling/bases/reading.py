"""Reading a base's files: broken or incomplete ones give a one-line error, and none of their code runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pickle import UnpicklingError
from typing import Any
from warnings import catch_warnings

import torch
from torch import nn

from xling.bases.families import Family, family_of
from xling.bases.mlm_head import MLMHead, checkpoint_head
from xling.bases.panics import panics_as_errors, probe
from xling.bases.soundness import (
    check_cost,
    check_layers,
    check_roles,
    check_sizes,
    check_weights,
    checked_config,
)
from xling.bases.stored import Stored, read_stored
from xling.bases.tokenizers import NO_LIMIT, take_as_text
from xling.bases.word_starts import space_before_words
from xling.errors import InputError

_NAMES_OF_ERRORS = re.compile(r"\b\w+(Error|Exception): ")
_GIVE = "give embedded:multilingual-e5-small, a local transformers folder, or a Hub id"
_CONVERT = "where you trust it, open it with transformers and save it as safetensors by save_pretrained"


def read_said(source: str, revision: str | None) -> tuple[dict[str, Any], Family]:
    """Read the values of the plain config.json, and find the family that they name.

    Code that comes with the base is neither run nor asked about.
    """
    from transformers import PretrainedConfig

    with _refused(source, "config.json: "):
        said, _ = PretrainedConfig.get_config_dict(source, revision=revision)
        if not isinstance(said, dict):
            raise ValueError("it holds no JSON object")
        if "model_type" not in said:
            raise ValueError("it is not there, or names no model_type")
    return said, family_of(said.get("model_type"))


def read_config(source: str, said: dict[str, Any], family: Family, stored: Stored) -> Any:
    """Make a configuration, whose sizes are compared with the weights before anything of them is built."""
    from transformers import CONFIG_MAPPING

    kind = CONFIG_MAPPING[said["model_type"]]
    taken = checked_config(said, kind.attribute_map, source)
    check_layers(taken, kind.attribute_map, stored, family, source)
    with _refused(source, "config.json: "):
        config = kind.from_dict({**taken, "name_or_path": source})
    check_sizes(config, stored, family, source)
    return config


def read_heads(source: str, revision: str | None) -> Stored:
    """Read the shapes of the tensors in the weights. Raises InputError when they are missing or damaged."""
    with _refused(source, "the model: "), catch_warnings(action="ignore"):
        return read_stored(source, revision)


def read_tokenizer(source: str, revision: str | None, config: Any) -> Any:
    """Read the fast tokenizer: spaces are added before words, typed special pieces are text, no truncation.

    Raises InputError when it cannot be read, is not a fast one, or lacks a special piece.
    """
    with _refused(source, "the tokenizer: "):
        with panics_as_errors():
            tokenizer = tokenizer_as_written(source, revision, config)
        fast = tokenizer.is_fast
        if fast:
            probe(tokenizer.backend_tokenizer)
            space_before_words(tokenizer)
            take_as_text(tokenizer)
    if not fast:
        raise InputError(f"the base {source!r} has no fast tokenizer (tokenizer.json)", where="--base")
    check_roles(tokenizer, source)
    tokenizer.model_max_length = NO_LIMIT
    return tokenizer


def tokenizer_as_written(source: str, revision: str | None, config: Any) -> Any:
    """Return the tokenizer as transformers opens it, for a configuration that is already read."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(source, config=config, revision=revision, trust_remote_code=False)


def read_model(
    source: str, revision: str | None, config: Any, family: Family, stored: Stored
) -> tuple[nn.Module, MLMHead | None]:
    """Read the encoder in float32, and the masked-LM head if the configuration says that there is one.

    Raises InputError when the files cannot be read, or when weights are missing, broken, or much fewer than
    the configuration says.
    """
    from transformers import AutoModel, AutoModelForMaskedLM

    headed = any(name.endswith("ForMaskedLM") for name in config.architectures or ())
    opener = AutoModelForMaskedLM if headed else AutoModel
    bare = {"add_pooling_layer": False} if family.pooler and not headed else {}
    with _refused(source, "config.json: "), quiet_transformers(), torch.device("meta"):
        described = opener.from_config(config, trust_remote_code=False, **bare)
    check_cost(described, stored, source)
    with _refused(source, "the model: "), quiet_transformers(), catch_warnings(action="ignore"):
        model, loading = opener.from_pretrained(
            source,
            config=config,
            revision=revision,
            dtype=torch.float32,
            trust_remote_code=False,
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # `check_weights` reports them in one line
            **bare,
        )
    check_weights(model, loading, source)
    return (model.base_model, checkpoint_head(model, family)) if headed else (model, None)


@contextmanager
def _refused(source: str, part: str = "") -> Iterator[None]:
    """Turn every error of the libraries into a one-line InputError; `part` says what was being read."""
    try:
        yield
    except Exception as error:
        raise InputError(
            f"cannot open the base {source!r}: {part}{_reason(error)}",
            where="--base",
            hint=_CONVERT if _is_pickle(error) else _GIVE,
        ) from error


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and its causes: older releases of transformers wrap the errors of torch."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _is_pickle(error: Exception) -> bool:
    return any(isinstance(one, UnpicklingError) for one in _chain(error))


def _reason(error: Exception) -> str:
    """Return the first line of an error's message; some errors of the libraries are no whole sentence."""
    if _is_pickle(error):  # torch's own advice is unsafe
        return "its weights are a pickle with more in it than tensors, which is not run"
    lines = [line for line in str(error).splitlines() if line.strip()]
    said = " ".join(lines[: 2 if lines and lines[0].endswith(":") else 1])
    said = _NAMES_OF_ERRORS.sub("", said)
    return said if isinstance(error, OSError | ValueError) else f"a value in it cannot be used ({said})"


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Turn off transformers' load reports and progress bars; the user's settings are restored afterwards."""
    from transformers.utils import logging

    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()
