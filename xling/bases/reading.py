"""Reading a base's files: what is broken or not whole is refused in one line, and no code of theirs runs."""

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
from xling.bases.soundness import check_roles, check_weights
from xling.bases.tokenizers import NO_LIMIT, take_as_text
from xling.bases.word_starts import space_before_words
from xling.errors import InputError


def read_config(source: str, revision: str | None) -> tuple[Any, Family]:
    """The configuration and its family.

    The family is looked up in the bare file first: transformers would ask whether to run the code of an
    architecture that it does not know.
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
    """The fast tokenizer, which reads every word as behind a space, typed signs as text, and cuts nothing."""
    with _refused(source, "the tokenizer: "):
        tokenizer = tokenizer_as_written(source, revision)
        fast = tokenizer.is_fast
        if fast:
            space_before_words(tokenizer)
            take_as_text(tokenizer)
    if not fast:
        raise InputError(f"the base {source!r} has no fast tokenizer (tokenizer.json)", where="--base")
    check_roles(tokenizer, source)
    tokenizer.model_max_length = NO_LIMIT
    return tokenizer


def tokenizer_as_written(source: str, revision: str | None) -> Any:
    """The tokenizer as transformers opens it."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(source, revision=revision, trust_remote_code=False)


def read_model(
    source: str, revision: str | None, config: Any, family: Family
) -> tuple[nn.Module, MLMHead | None]:
    """The encoder in float32, and the masked-LM head where the checkpoint says that it has one."""
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
            ignore_mismatched_sizes=True,  # they are named below, which transformers does in no one line
            **bare,
        )
    check_weights(model, loading, source)
    return (model.base_model, checkpoint_head(model, family)) if headed else (model, None)


@contextmanager
def _refused(source: str, part: str = "") -> Iterator[None]:
    """Whatever the libraries' readers come across in broken files, as one line. part: what they read."""
    try:
        yield
    except Exception as error:
        raise InputError(
            f"cannot open the base {source!r}: {part}{_reason(error)}",
            where="--base",
            hint="give embedded:multilingual-e5-small, a local transformers folder, or a Hub id",
        ) from error


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what led to it: older releases of transformers wrap what torch raises."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _reason(error: Exception) -> str:
    """The first thing that an error says; a bare word or number says nothing without the error's kind."""
    if any(isinstance(one, UnpicklingError) for one in _chain(error)):  # torch advises to read it unsafely
        return "its weights are a pickle with more in it than tensors, which is not run"
    lines = [line for line in str(error).splitlines() if line.strip()]
    said = " ".join(lines[: 2 if lines and lines[0].endswith(":") else 1])
    return (
        said if isinstance(error, OSError | ValueError | RuntimeError) else f"{type(error).__name__}: {said}"
    )


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """No load reports and no progress bars of transformers inside; the user's settings come back after."""
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
