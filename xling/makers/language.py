"""Making a language module from plain text, by masked language modelling on all but a few held-out lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from xling.bases.base import Base
from xling.bases.mlm_head import MLMHead
from xling.bases.soundness import check_mask
from xling.composition.composed import Composition
from xling.composition.fitting import check_fits
from xling.data.text import deduplicate, hold_out
from xling.errors import InputError
from xling.makers.mlm_head import head_fingerprint, mlm_head
from xling.makers.stage import Data, Say, Session, Stage
from xling.modules.flare import FlareConfig
from xling.modules.module import Facts, Module
from xling.modules.registry import PRESETS, learning_preset, preset
from xling.sites import ReadsPieces
from xling.training.mlm import MaskedLanguageModelling, encode_lines
from xling.training.pseudo_perplexity import LINES, PseudoPerplexity, pseudo_perplexity
from xling.training.specs import LanguageTraining, ModuleTraining

UNKNOWN_SHARE_WARNED = 0.05


def text_of(text: Data, held_out: Data | None, seed: int) -> dict[str, Data]:
    """Return the lines to train a language module on, and held-out lines for pseudo-perplexity.

    held_out: the held-out lines, with which the text is used unchanged. If None, repeated lines are dropped
    from the text and a tenth of its lines, but 200 at most, are held out.
    """
    if held_out is not None:
        return {"text": text, "held_out": held_out}
    lines, held = hold_out(deduplicate(text.rows), LINES, seed)
    return {"text": replace(text, rows=lines), "held_out": Data(rows=held)}


def check_language(stage: Stage[LanguageTraining]) -> None:
    """Raise InputError when the kind is unknown or a head alone, or when no line is left to train on."""
    check_acts(stage.spec)
    check_given(stage)
    if not stage.rows("text"):
        raise InputError("no line is left to train on", where="--text", hint="give more text")


def check_acts(spec: ModuleTraining) -> None:
    """Raise InputError when a kind is unknown, or has no part that a language module can train."""
    parts = learning_preset(spec.kind, spec.options)
    if any(isinstance(part, FlareConfig) for part in parts):
        raise InputError(
            f"{spec.kind} reads a translation of each text, and a language is learned from text alone",
            where="--kind",
            hint="train a task module with it (xling train task), or take lora here",
        )
    if not parts:
        raise InputError(
            f"{spec.kind} is the head of a task alone, and a language module has no head",
            where="--kind",
            choices=[name for name, parts in PRESETS.items() if parts],
        )


def check_given(stage: Stage[Any]) -> None:
    """Raise InputError when the module to continue from has no parameters, or a vocabulary has no pieces."""
    for role, unfit, hint in (
        ("init", _learns_nothing, "name a module that was trained"),
        ("vocabulary", _has_no_pieces, "build one with xling vocabulary build"),
    ):
        given = stage.modules.get(role)
        if isinstance(given, Module) and unfit(given):
            kinds = " + ".join(part.config.kind for part in given.parts)
            raise InputError(f"a {kinds} module cannot stand here", where=f"--{role}", hint=hint)


def make_language(base: Base, stage: Stage[LanguageTraining], session: Session) -> Module:
    """Train the language module of a stage.

    Its scores give the pseudo-perplexity of held-out lines before and after training.
    """
    spec, kept = stage.spec, stage.rows("held_out")
    check_mask(base.tokenizer)
    head = mlm_head(base, session.say, text=stage.rows("head_text"))
    module = started(base, stage, stage.facts(base, mlm_head_fingerprint=head_fingerprint(head)))
    around = stage.composed(base)
    tokenizer = around(module).tokenizer(stage.language)
    rows = encode_lines(tokenizer, stage.rows("text"), min(spec.training.max_length, base.max_length))
    warn_of_unknown(rows, tokenizer, stage.language, session.say)
    before = perplexity(around(module), head, kept, stage.language)

    def objective_of(trained: Module) -> MaskedLanguageModelling:
        return MaskedLanguageModelling(
            around(trained), head, rows, spec, seed=stage.seed, language=stage.language
        )

    module, _ = stage.trained(module, base, session, objective_of)
    after = perplexity(around(module), head, kept, stage.language)
    scores = {
        **before.scores("before"),
        **after.scores("after"),
        "held_out_lines": len(kept),
        "held_out_unknown_pieces": after.unknown,
        "train_lines": len(stage.rows("text")),
        "tokens_per_epoch": sum(map(len, rows)),
    }
    return replace(module, scores=scores)


def started(base: Base, stage: Stage[ModuleTraining], facts: Facts) -> Module:
    """Return a language module as it is before training.

    It is new, with the given vocabulary if there is one, or it continues from the module `init`.

    Raises MismatchError when the given vocabulary or module belongs to another base.
    """
    init, vocabulary = stage.module("init"), stage.module("vocabulary")
    for given in filter(None, (init, vocabulary)):
        check_fits(given, base)
    if init is not None:
        return init.continued(facts)  # a vocabulary in it is kept
    fresh = Module.fresh(preset(stage.spec.kind, stage.spec.options), base.shape, facts)
    if vocabulary is None:
        return fresh
    return replace(fresh, parts=(*vocabulary.continued(facts).parts, *fresh.parts))


def _learns_nothing(module: Module) -> bool:
    return not any(value.numel() for network in module.networks for value in network.parameters())


def _has_no_pieces(module: Module) -> bool:
    return not any(isinstance(network, ReadsPieces) for network in module.networks)


def warn_of_unknown(rows: Sequence[Sequence[int]], tokenizer: Any, language: str, say: Say) -> None:
    """Warn when more than 5% of a text's pieces are the unknown piece."""
    pieces = sum(len(row) - 2 for row in rows)
    unknown = sum(row.count(tokenizer.unk_token_id) for row in rows)
    share = unknown / max(1, pieces)
    if share > UNKNOWN_SHARE_WARNED:
        say(
            f"warning: {share:.0%} of the pieces of this {language} text cannot be read; a module "
            "trained on it learns little before it has a vocabulary (xling vocabulary build)"
        )


def perplexity(
    composition: Composition, head: MLMHead, lines: Sequence[str], language: str
) -> PseudoPerplexity:
    """Return the pseudo-perplexity of lines in a language."""
    tokenizer = composition.tokenizer(language)
    rows = encode_lines(tokenizer, lines, composition.base.max_length) if lines else []
    return pseudo_perplexity(composition, head, rows, characters=sum(map(len, lines)), language=language)
