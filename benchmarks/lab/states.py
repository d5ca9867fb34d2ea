"""The methods of one language's own module of states: aligned with pairs or with a gloss, or learned by MLM.

Each is tried alone, at half its strength, in the vote of text and gloss (under the text's reading, or under
both), and as one or two more readings beside these two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from lab.ground import Ground
from lab.method import Method, Modules
from xling.makers.alignment import GLOSS
from xling.makers.stage import Data, Stage
from xling.modules.module import Module
from xling.pipeline.advising import UNREAD, unread
from xling.training.specs import AlignmentTraining, LanguageTraining, TrainingSettings, VocabularyBuild
from xling.words.induced import induced

SHORT = TrainingSettings(epochs=1, learning_rate=5e-4, batch_tokens=1024)
_FEW, _MORE_EPOCHS = 2000, 3.0  # pairs, of which one epoch would be a hundred steps
_MLM = LanguageTraining(
    kind="bottleneck", stay=1.0, training=TrainingSettings(steps=200, learning_rate=3e-4, batch_tokens=1024)
)
# what is learned beside each sentence's likeness to its translation, by what the task scores
_OF_TEXTS: Mapping[str, float] = {"contrast": 0.0, "soft_contrast": 1.0, "geometry": 1.0, "stay": 1.0}
_OF_WORDS: Mapping[str, float] = {"contrast": 0.0, "words": 1.0, "stay": 1.0}
_START = VocabularyBuild(method="replace", init="translated", size=8000)
_CRUMBS = VocabularyBuild(method="extend", init="translated", size=4000)

Lexicon = Callable[[Ground, str], Stage]
Made = Callable[[Ground, str, int], Stage]  # the module of a language, and of a seed where it depends on that
_ALONE, _GLOSSED = "lang/{language} >> task/{seed}", "words/{language} >> task/{seed}"
_THROUGH = f"words/{{language}} >> {_ALONE}"
# each with the function that returns the lexicon in it
PLANS: Mapping[str, tuple[str, Lexicon | None]] = {
    "": (_ALONE, None),
    "-half": (f"0.5 * {_ALONE}", None),
    "-text": (f"vote({_ALONE}, {_GLOSSED})", Ground.lexicon),
    "-both": (f"vote({_ALONE}, {_THROUGH})", Ground.lexicon),
    "-latin": (f"vote({_ALONE}, {_GLOSSED})", Ground.lexicon_in_latin),
    "-vote": (f"vote(task/{{seed}}, {_GLOSSED}, {_ALONE})", Ground.lexicon),
    "-all": (f"vote(task/{{seed}}, {_GLOSSED}, {_ALONE}, {_THROUGH})", Ground.lexicon),
}


def vocabulary(ground: Ground, language: str, spec: VocabularyBuild) -> Stage:
    """Return the making of a vocabulary from pairs, with vectors that start from translations."""
    pairs = ground.pairs(language)
    return Stage(
        name=f"lang/{language}/vocabulary",
        spec=spec,
        language=language,
        data={
            "text": ground.own_side(language),
            "pairs": pairs,
            "dictionary": replace(pairs, rows=induced(pairs.rows)),
        },
    )


def aligned(ground: Ground, language: str) -> Stage:
    """Return the alignment with pairs, in a vocabulary of its own where the base reads no script."""
    return _aligned(
        ground, language, {"vocabulary": started(ground, language)} if _strange(ground, language) else {}
    )


def aligned_by_words(ground: Ground, language: str) -> Stage:
    """Return the alignment of words whatever the task scores, which for whole texts is another one."""
    return _aligned(ground, language, {}, _OF_WORDS)


def aligned_in_new_pieces(ground: Ground, language: str) -> Stage:
    """Return the alignment, of three epochs, over further pieces, or over its own in a script not read.

    What is longer than a crumb learns as a word what the pairs say of it.
    """
    spec = _START if _strange(ground, language) else _CRUMBS
    stage = _aligned(ground, language, {"vocabulary": vocabulary(ground, language, spec)})
    training = stage.spec.training.model_copy(update={"epochs": _MORE_EPOCHS})
    return replace(stage, spec=stage.spec.model_copy(update={"training": training}))


def aligned_with_gloss(ground: Ground, language: str) -> Stage:
    """Return the alignment of a language's sentences with their own glosses, without any translation."""
    return replace(
        _aligned(ground, language, {GLOSS: ground.lexicon(language)}),
        name=f"lang/{language}/glossed",
        data={"text": ground.own_side(language)},
    )


def aligned_in_domain(ground: Ground, language: str) -> Stage:
    """Return the alignment of the task's English texts, put into the language's words, with themselves."""
    return _aligned(ground, language, {}, pairs=ground.in_words_of(language))


def started(ground: Ground, language: str) -> Stage:
    """Return a vocabulary alone, whose vectors start from translations."""
    return vocabulary(ground, language, _START)


def masked(ground: Ground, language: str) -> Stage:
    """Return MLM on a language's text, or on its side of the pairs, that keeps the other states in place."""
    return ground.language_module(language, _MLM)


def _strange(ground: Ground, language: str) -> bool:
    """Return whether the base cannot read the script of a language."""
    return unread(ground.workshop.bench.opened, ground.scored(language).rows) > UNREAD


def _aligned(
    ground: Ground,
    language: str,
    below: Mapping[str, Stage],
    learned: Mapping[str, float] | None = None,
    pairs: Data | None = None,
) -> Stage:
    weights = dict(learned or (_OF_TEXTS if ground.suite.translations else _OF_WORDS))
    if "vocabulary" in below:
        del weights["stay"]  # the base has no states of pieces that it does not know
    pairs = pairs or ground.pairs(language)
    epochs = _MORE_EPOCHS if len(pairs.rows) < _FEW else SHORT.epochs
    training = SHORT.model_copy(update={"epochs": epochs})
    return Stage(
        name=f"lang/{language}/aligned",
        spec=AlignmentTraining.model_validate({"training": training, **weights}),
        language=language,
        data={"pairs": pairs},
        modules=dict(below),
    )


MADE: Mapping[str, Callable[[Ground, str], Stage]] = {
    "aligned": aligned,
    "aligned-words": aligned_by_words,
    "aligned-pieces": aligned_in_new_pieces,
    "aligned-gloss": aligned_with_gloss,
    "aligned-domain": aligned_in_domain,
    "started": started,
    "masked": masked,
}


def in_plans(name: str, made: Made, *, text: bool = False) -> Iterator[Method]:
    """Yield a method for each plan around a language's module, with the control's module and its lexicon.

    text: whether plain text does for the module where there are no pairs; a lexicon takes pairs.
    """

    def having(lexicon: Lexicon | None) -> Callable[[Ground, str, int], Modules]:
        def of(ground: Ground, language: str, seed: int) -> Modules:
            found: dict[str, Stage | Module] = {f"task/{seed}": ground.task_module(seed)}
            words = {f"words/{language}": lexicon(ground, language)} if lexicon else {}
            return found | {f"lang/{language}": made(ground, language, seed)} | words

        return of

    for ending, (plan, lexicon) in PLANS.items():
        yield Method(
            name=f"{name}{ending}",
            plan=lambda language, seed, plan=plan: plan.format(language=language, seed=seed),
            modules=having(lexicon),
            suits=_readable if text and lexicon is None else _paired,
        )


def _paired(ground: Ground, language: str) -> bool:
    return ground.has_pairs(language)


def _readable(ground: Ground, language: str) -> bool:
    return ground.has_pairs(language) or ground.has_text(language)


def _of_any_seed(made: Callable[[Ground, str], Stage]) -> Made:
    return lambda ground, language, seed: made(ground, language)


STATES = tuple(
    method
    for name, made in MADE.items()
    for method in in_plans(name, _of_any_seed(made), text=made is masked)
)
