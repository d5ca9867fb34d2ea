"""Reading a base's files: broken or incomplete ones give a one-line error, and none of their code runs."""

from __future__ import annotations

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
from xling.bases.soundness import check_roles, check_weights
from xling.bases.tokenizers import NO_LIMIT, take_as_text
from xling.bases.word_starts import space_before_words
from xling.errors import InputError


def read_config(source: str, revision: str | None) -> tuple[Any, Family]:
    """Read the configuration and find its family.

    The family is looked up in the plain file first: for an unknown architecture, transformers would ask
    whether to run its code.
    """
    from transformers import AutoConfig, PretrainedConfig

    with _refused(source):
        said, _ = PretrainedConfig.get_config_dict(source, revision=revision)
    if "model_type" in said:
        family_of(said["model_type"])
    with _refused(source):
        config = AutoConfig.from_pretrained(source, revision=revision, trust_remote_code=False)
    return config, family_of(config.model_type)


def read_tokenizer(source: str, revision: str | None) -> Any:
    """Read the fast tokenizer: spaces are added before words, typed special pieces are text, no truncation.

    Raises InputError when it cannot be read, is not a fast one, or lacks a special piece.
    """
    with _refused(source, "the tokenizer: "):
        with panics_as_errors():
            tokenizer = tokenizer_as_written(source, revision)
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


def tokenizer_as_written(source: str, revision: str | None) -> Any:
    """Return the tokenizer as transformers opens it."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(source, revision=revision, trust_remote_code=False)


def read_model(
    source: str, revision: str | None, config: Any, family: Family
) -> tuple[nn.Module, MLMHead | None]:
    """Read the encoder in float32, and the masked-LM head if the configuration says that there is one.

    Raises InputError when the files cannot be read, or when weights are missing or broken.
    """
    from transformers import AutoModel, AutoModelForMaskedLM

    with _refused(source, "the model: "), quiet_transformers(), catch_warnings(action="ignore"):
        headed = any(name.endswith("ForMaskedLM") for name in config.architectures or ())
        opener = AutoModelForMaskedLM if headed else AutoModel
        bare = {"add_pooling_layer": False} if family.pooler and not headed else {}
        model, loading = opener.from_pretrained(
            source,
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
            hint="give embedded:multilingual-e5-small, a local transformers folder, or a Hub id",
        ) from error


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and its causes: older releases of transformers wrap the errors of torch."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _reason(error: Exception) -> str:
    """Return the first line of an error's message, with the type of the error where the message needs it."""
    if any(isinstance(one, UnpicklingError) for one in _chain(error)):  # torch's own advice is unsafe
        return "its weights are a pickle with more in it than tensors, which is not run"
    lines = [line for line in str(error).splitlines() if line.strip()]
    said = " ".join(lines[: 2 if lines and lines[0].endswith(":") else 1])
    return (
        said if isinstance(error, OSError | ValueError | RuntimeError) else f"{type(error).__name__}: {said}"
    )


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
