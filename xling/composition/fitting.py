"""Which base a module is made for, and whether it was and has its sizes, whatever its file claims."""

from __future__ import annotations

from typing import Any

from xling.bases.base import Base
from xling.errors import MismatchError
from xling.modules.module import Facts, Module
from xling.modules.vocabulary import Vocabulary

_HINT = "the module's file is damaged: fetch or train it again"


def check_fits(module: Module, base: Base) -> None:
    """Raise MismatchError when a module was made for another encoder or tokenizer, or has other sizes.

    A module without a base serves every base.
    """
    facts = module.facts
    if facts.base is None:
        return
    for what, own, theirs in (
        ("base", facts.base_fingerprint or "", base.fingerprint),
        ("tokenizer", facts.tokenizer_fingerprint or "", base.tokenizer_fingerprint),
    ):
        if own != theirs:
            title = facts.language or facts.task or "module"
            if own == base.tokenizer_fingerprint_as_written:
                raise MismatchError(
                    f"the module {title} was made with words read without the space before them, "
                    f"which {base.id} knows them with",
                    where="--plan",
                    hint="train it again; earlier releases read the words of such bases so",
                )
            raise MismatchError(
                f"the module {title} was made for {what} {facts.base} ({own[:19]}), "
                f"not {base.id} ({theirs[:19]})",
                where="--plan",
                hint="open the base it names, or train it again on this one",
            )
    check_sizes(module, base)


def check_sizes(module: Module, base: Base) -> None:
    """Raise MismatchError when a module states other sizes than the base's, or keeps pieces that it lacks."""
    stated, real = ((shape.hidden, shape.layers) for shape in (module.facts, base.shape))
    if stated != real:
        raise MismatchError(
            f"the module states {stated[0]} numbers in a state and {stated[1]} layers, "
            f"and {base.id} has {real[0]} and {real[1]}",
            where="--plan",
            hint=_HINT,
        )
    rows = len(base.embeddings)
    for network in module.networks:
        if isinstance(network, Vocabulary) and len(network.kept) and int(network.kept.max()) >= rows:
            raise MismatchError(
                f"the vocabulary keeps piece {int(network.kept.max()):,} of {base.id}, which has {rows:,}",
                where="--plan",
                hint=_HINT,
            )


def base_facts(base: Base | None, **changes: Any) -> Facts:
    """The metadata of a module made for this base, which `check_fits` compares with a base later.

    base: None for a module that serves every base. changes: further fields of `Facts`.
    """
    if base is None:
        return Facts(**changes)
    return Facts(
        base=base.id,
        base_revision=base.revision,
        base_fingerprint=base.fingerprint,
        tokenizer_fingerprint=base.tokenizer_fingerprint,
        hidden=base.shape.hidden,
        layers=base.shape.layers,
        **changes,
    )
