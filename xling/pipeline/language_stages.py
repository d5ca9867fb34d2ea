"""The stages that make a recipe's language modules: a vocabulary, then MLM, then alignment, as it says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xling.bases.soundness import check_mask
from xling.data.examples import LabelledText, fingerprint, sample
from xling.data.family import balanced, held_apart
from xling.data.source import load
from xling.data.text import deduplicate, hold_out
from xling.makers.alignment import SentencePair, align_language
from xling.makers.language import train_language
from xling.makers.vocabulary import Wanted, build_vocabulary
from xling.modules.registry import preset
from xling.pipeline.recipe import DataSpec
from xling.pipeline.recipe_run import RecipeRun
from xling.pipeline.stages import Stage, module_of
from xling.vocabulary.word_list import induced


def language_stage(run: RecipeRun, language: str) -> Stage:
    """The last stage of a language's module; the source learns by MLM in the base's own vocabulary.

    With a family its one module serves every target.
    """
    section, source = run.recipe.language_modules, run.recipe.source
    if language == source or "mlm" in section.objectives:
        check_mask(run.base.tokenizer)
    if language == source:
        return _mlm_stage(run, language)
    language = section.family.tag if section.family else language
    init = language_stage(run, source) if section.init == "source" else None
    vocabulary = _vocabulary_stage(run, language) if section.vocabulary else None
    done = None
    for objective in section.objectives:
        done = _OBJECTIVES[objective](run, language, init=done or init, vocabulary=vocabulary)
    assert done is not None
    return done


def _mlm_stage(
    run: RecipeRun, language: str, *, init: Stage | None = None, vocabulary: Stage | None = None
) -> Stage:
    section = run.recipe.language_modules
    spec = section.texts.get(language, section.text)
    lines, held = text(run, language)
    content = fingerprint(lines)
    cards = ((spec.card, content),)
    inputs = {
        **_shared(run, "language-2", language, init=init, vocabulary=vocabulary),
        "training": section.training.model_dump(),
        "text": [content, fingerprint(held)],
    }

    def work(folder: Path) -> int:
        module = train_language(
            run.base,
            lines,
            language=language,
            kind=section.kind,
            options=section.options,
            held_out=held,
            settings=section.training,
            run=run.training(folder, f"lang/{language}", section.seed, cards, language),
            init=module_of(init) if init else None,
            vocabulary=module_of(vocabulary) if vocabulary else None,
        )
        return run.keep(module, f"lang/{language}", folder)

    return run.stage(f"lang/{language}", inputs, work)


def _alignment_stage(
    run: RecipeRun, language: str, *, init: Stage | None = None, vocabulary: Stage | None = None
) -> Stage:
    section, spec = run.recipe.language_modules, run.recipe.language_modules.alignment
    assert spec is not None
    found = pairs(run, spec.pairs, language)
    content = fingerprint(_lines(found))
    cards = ((spec.pairs.card, content),)
    inputs = {
        **_shared(run, "alignment-1", language, init=init, vocabulary=vocabulary),
        "training": spec.training.model_dump(),
        "tokens": spec.tokens,
        "pairs": content,
    }
    name = f"lang/{language}/aligned" if init else f"lang/{language}"

    def work(folder: Path) -> int:
        module = align_language(
            run.base,
            found,
            language=language,
            kind=section.kind,
            options=section.options,
            settings=spec.training,
            tokens=spec.tokens,
            run=run.training(folder, name, section.seed, cards, language),
            init=module_of(init) if init else None,
            vocabulary=module_of(vocabulary) if vocabulary else None,
        )
        return run.keep(module, f"lang/{language}", folder)

    return run.stage(name, inputs, work)


def _vocabulary_stage(run: RecipeRun, language: str) -> Stage:
    section, spec = run.recipe.language_modules, run.recipe.language_modules.vocabulary
    assert spec is not None
    lines, _ = text(run, language)
    content = fingerprint(lines)
    card = section.texts.get(language, section.text).card
    together = pairs(run, spec.parallel, language) if spec.parallel else []
    wanted = Wanted(
        method=spec.method,
        size=spec.size,
        init=spec.init,
        rank=spec.rank,
        protect=_source_text(run, spec.protect),
        source_lines=_source_text(run, spec.source_text),
        dictionary=induced(together) if together else (),
        pairs=together,
        mixed=spec.mixed,
        spellings=spec.spellings,
    )
    inputs = {
        **_shared(run, "vocabulary-3", language, init=None, vocabulary=None),
        "wanted": spec.model_dump(exclude={"protect", "source_text", "parallel"}),
        "text": content,
        "others": [
            fingerprint(list(wanted.protect)),
            fingerprint(list(wanted.source_lines)),
            fingerprint(_lines(together)),
        ],
    }
    name = f"lang/{language}/vocabulary"

    def work(folder: Path) -> int:
        training = run.training(folder, name, section.seed, ((card, content),), language)
        module = build_vocabulary(run.base, lines, language=language, wanted=wanted, run=training)
        return run.keep(module, name, folder)

    return run.stage(name, inputs, work)


def _shared(
    run: RecipeRun, stage: str, language: str, *, init: Stage | None, vocabulary: Stage | None
) -> dict[str, Any]:
    section = run.recipe.language_modules
    return {
        "stage": stage,
        "base": run.base.fingerprint,
        "tokenizer": run.base.tokenizer_fingerprint,
        "language": language,
        "parts": [config.model_dump(mode="json") for config in preset(section.kind, section.options)],
        "seed": section.seed,
        "init": init.key if init else None,
        "vocabulary": vocabulary.key if vocabulary else None,
    }


def text(run: RecipeRun, language: str) -> tuple[Sequence[str], Sequence[str]]:
    """Lines to train on and lines held out: the card's dev split, or a slice of the text."""
    section, family = run.recipe.language_modules, run.recipe.language_modules.family
    if family is not None and language == family.tag:
        texts = {tag: _lines_of(run, tag) for tag in family.languages}
        rest, held = held_apart(texts, section.held_out, section.seed)
        return balanced(rest, family.alpha, seed=section.seed), held
    card, lines = run.card(section.texts.get(language, section.text).card), _lines_of(run, language)
    if "dev" in card.splits:
        held = deduplicate(load(card, language, "dev", data_root=run.place.data_root))
        return lines, sample(held, section.held_out, 0)
    return hold_out(lines, section.held_out, section.seed)


def _lines_of(run: RecipeRun, language: str) -> list[str]:
    section = run.recipe.language_modules
    return _named_lines(run, section.texts.get(language, section.text), language)


def _named_lines(run: RecipeRun, spec: DataSpec, language: str) -> list[str]:
    """The lines that a section of the recipe names, each once."""
    lines = deduplicate(load(run.card(spec.card), language, spec.split, data_root=run.place.data_root))
    return sample(lines, spec.count, spec.sample_seed)


def pairs(run: RecipeRun, spec: DataSpec, language: str) -> list[SentencePair]:
    """Sentences of a language with the same in the source language."""
    examples = run.examples(spec, language)
    return [
        (row.text, row.pair) for row in examples if isinstance(row, LabelledText) and row.pair is not None
    ]


def _lines(found: Sequence[SentencePair]) -> list[str]:
    return ["\t".join(pair) for pair in found]


def _source_text(run: RecipeRun, spec: DataSpec | None) -> Sequence[str]:
    return () if spec is None else _named_lines(run, spec, run.recipe.source)


_OBJECTIVES = {"mlm": _mlm_stage, "alignment": _alignment_stage}
