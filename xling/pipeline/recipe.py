"""The schema of a recipe: base, source, targets, task, data, modules, training, seeds."""

from __future__ import annotations

from itertools import combinations
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, Field, field_validator, model_validator

from xling.data.template import checked_places
from xling.errors import InputError
from xling.evaluation.results import HEADINGS
from xling.folder_names import folder_name, module_name
from xling.languages import parse
from xling.training.specs import (
    AlignmentTraining,
    HypernetworkTraining,
    LanguageTraining,
    LexiconBuild,
    Positive,
    Projection,
    Specification,
    TaskTraining,
    VocabularyBuild,
)

SpecT = TypeVar("SpecT", bound=Specification)
STAGES = "stages"  # the folder beside the runs that holds what they share


def _tag(value: str) -> str:
    try:
        return parse(value)
    except InputError as error:
        raise ValueError(str(error)) from error


def _name_of_run(value: str) -> str:
    if folder_name(value).casefold() == STAGES:
        raise ValueError(f"{value!r} is where finished stages are kept: choose another name")
    return value


def _own_condition(value: str) -> str:
    if module_name(value) in HEADINGS:
        raise ValueError(f"{value!r} is a condition of every recipe: choose another name")
    return value


def _plan(value: str) -> str:
    return checked_places(value, ("language",))


Tag = Annotated[str, AfterValidator(_tag)]
ModuleName = Annotated[str, AfterValidator(module_name)]
Condition = Annotated[str, AfterValidator(_own_condition)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]


class DataSpec(Specification):
    """Examples of a data card. Their language follows from where the section is in the recipe.

    count: the largest number of examples, which are drawn with `sample_seed`; None takes all.
    """

    card: str
    split: str
    count: Annotated[int, Field(gt=0)] | None = None
    sample_seed: Seed = 0


class TaskSpec(Specification):
    """The task of a recipe and its data.

    name: the name of the task in xling.
    title: the name of its modules in the store (`task/<title>`).
    test: the test data of the target languages, and of the source language unless `source_test` is given.
    source_test: the test data of the source language, if it is on another card.
    """

    name: str
    title: ModuleName
    train: DataSpec
    dev: DataSpec
    test: DataSpec
    source_test: DataSpec | None = None


class VocabularySection(VocabularyBuild):
    """The vocabulary of each target, which is learned from its text.

    protect: source-language text that an extended vocabulary must split as before.
    source_text: source-language text for initialisers that need it.
    parallel: sentences and their translations.
    """

    protect: DataSpec | None = None
    source_text: DataSpec | None = None
    parallel: DataSpec | None = None


class AlignmentSection(AlignmentTraining):
    """How the modules of the targets are aligned with the base on parallel text.

    `kind` and `options` are those of the language modules unless they are given here.

    pairs: the parallel text.
    gloss: text without translations, which is aligned with its own gloss by the recipe's lexicon.
    """

    pairs: DataSpec | None = None
    gloss: DataSpec | None = None

    @model_validator(mode="after")
    def _of_something(self) -> AlignmentSection:
        if self.pairs is None and self.gloss is None:
            raise ValueError("alignment: name the card of pairs, of text to gloss, or both (pairs, gloss)")
        return self


class WordsSection(LexiconBuild):
    """The lexicon of each target: words with their translations into the source language.

    pairs: sentences and their translations, from which words are learned.
    dictionary: words and their translations, on a card of the task `parallel`.
    """

    pairs: DataSpec | None = None
    dictionary: DataSpec | None = None

    @model_validator(mode="after")
    def _made_of_something(self) -> WordsSection:
        if self.pairs is None and self.dictionary is None:
            raise ValueError("words: name the card of pairs, of a dictionary, or both (pairs, dictionary)")
        return self


class ProjectionSection(Projection):
    """Labels that the source's task module gives to translations, and that are carried over to languages.

    pairs: sentences and their translations into the source language.
    languages: the languages of the sentences, targets or others.
    """

    pairs: DataSpec
    languages: Annotated[tuple[Tag, ...], Field(min_length=1)]


class DistilSection(Specification):
    """What one more task module learns from texts of the targets, beside the source's examples.

    teacher: the condition whose plan labels the texts, such as `vote`.
    text: the texts.
    """

    teacher: Literal["none", "target", "carried", "gloss", "vote", "both", "carried-vote"]
    text: DataSpec


class FewSection(Specification):
    """Some labels of every target itself, from which one more task module learns for each.

    labels: the labelled examples of the target.
    way: `after` goes on, on them alone, from the module that has learned everything else (Lauscher et al.
    2020); `joined` learns from them and everything else at once, which suits a head that is fitted.
    epochs: how often `after` sees them.
    """

    labels: DataSpec
    way: Literal["after", "joined"] = "after"
    epochs: Positive = 10.0


class TaskModuleSection(TaskTraining):
    """How task modules are trained.

    projected: labels carried over pairs, on which one more task module is trained together with the source's
    examples.
    distil: unlabelled texts, on which one more task module learns what a plan says of them.
    few: some labels of the targets themselves.
    """

    projected: tuple[ProjectionSection, ...] = ()
    distil: DistilSection | None = None
    few: FewSection | None = None

    @field_validator("projected", mode="after")
    @classmethod
    def _each_language_once(cls, value: tuple[ProjectionSection, ...]) -> tuple[ProjectionSection, ...]:
        tags = [tag for own in value for tag in own.languages]
        twice = next((tag for tag in tags if tags.count(tag) > 1), None)
        if twice is not None:
            raise ValueError(f"{twice} stands in languages twice")
        return value


class FusionSection(TaskTraining):
    """A module that learns on the source's examples to combine others, which stay frozen.

    plan: the plan in which it learns, such as `fuse(lang/hau, lang/swh) >> task`.
    """

    plan: str
    kind: str = "fusion"

    @field_validator("plan", mode="after")
    @classmethod
    def _of_no_language(cls, value: str) -> str:
        if "{" in value:
            raise ValueError(
                f"{value!r} has a place to fill, and a fusion is trained once: name the languages"
            )
        return value


class FamilySpec(Specification):
    """One module for all targets, trained on the text of several languages.

    tag: the tag of the family, such as `bnt` (ISO 639-5).
    alpha: how the languages are balanced; see `xling.data.text.balanced`.
    """

    tag: Tag
    languages: Annotated[tuple[Tag, ...], Field(min_length=1)]
    alpha: Annotated[float, Field(ge=0, le=1)] = 0.3


class LanguageModules(LanguageTraining):
    """How every language module is trained.

    text: the data card of the text.
    texts: other data for single languages, by tag.
    held_out: the number of lines that are held out for pseudo-perplexity.
    head_text: source-language text on which the MLM head is fitted, for a base without one.
    init: `fresh` trains the targets' modules from the start. `source` continues from the source's module, so
    that a task module trained on that one meets a similar module below it.
    under_task: what is below the task module during its training. With `none`, the source has no language
    module; with `cycle`, those of the source and of all targets take turns.
    objectives: the objectives of the targets' modules, in this order. Without any, there are no language
    modules, and only the control is run.
    family: settings for one module that serves all targets.
    related: for each target, the language whose module replaces its own under the control `related`. By
    default it is the nearest language by family and script.
    """

    text: DataSpec
    texts: dict[Tag, DataSpec] = {}
    held_out: Annotated[int, Field(gt=0)] = 200
    head_text: DataSpec | None = None
    seed: Seed = 0
    init: Literal["fresh", "source"] = "fresh"
    under_task: Literal["source", "cycle", "none"] = "source"
    objectives: tuple[Literal["mlm", "alignment"], ...] = ("mlm",)
    vocabulary: VocabularySection | None = None
    alignment: AlignmentSection | None = None
    family: FamilySpec | None = None
    related: dict[Tag, Tag] = {}

    @model_validator(mode="before")
    @classmethod
    def _alignment_of_the_same_kind(cls, values: Any) -> Any:
        """Give an alignment the kind and options of the language modules, unless it sets others."""
        if isinstance(values, dict) and isinstance(alignment := values.get("alignment"), dict):
            shared = {key: values[key] for key in ("kind", "options") if key in values}
            usual = {"kind": cls.model_fields["kind"].default}
            return {**values, "alignment": {**usual, **shared, **alignment}}
        return values

    @model_validator(mode="after")
    def _goes_together(self) -> LanguageModules:
        if "alignment" in self.objectives and self.alignment is None:
            raise ValueError("alignment: say which pairs, and how long (pairs, training)")
        if self.family is not None and "alignment" in self.objectives:
            raise ValueError("family: aligned modules are of one language each")
        if self.init == "source" and (self.under_task == "none" or self.vocabulary is not None):
            raise ValueError("init: source needs a source module, in the base's own vocabulary")
        return self


class Recipe(Specification):
    """One experiment: a task is transferred from the source to the targets, with controls.

    name: the name of the folder of its run.
    task_module: how task modules are trained, both on the source's language module and on the base alone.
    words: the lexicon of each target, if they have any.
    plan: `all` tests every language under each condition that the recipe describes; `recommended` under the
    one that is advised without labels, beside the control.
    plans: further plans under which languages are tested, by the names of their conditions; see
    `xling.pipeline.own_plans` for what stands in them.
    fusions: further conditions, each with a module that learns to combine others.
    hypernetworks: further conditions, each with one network for the task and the text of all languages.
    controls: conditions beside the one without a language module. `romanised` is that one on texts in Latin
    spelling, `related` uses the module of a related language, and `removed` uses the task module without the
    language module it was trained on.
    """

    name: Annotated[str, AfterValidator(_name_of_run)]
    about: str = ""
    base: str
    source: Tag
    targets: Annotated[tuple[Tag, ...], Field(min_length=1)]
    task: TaskSpec
    language_modules: LanguageModules
    task_module: TaskModuleSection
    words: WordsSection | None = None
    plan: Literal["all", "recommended"] = "all"
    seeds: Annotated[tuple[Seed, ...], Field(min_length=1)] = (0,)
    plans: dict[Condition, Annotated[str, AfterValidator(_plan)]] = {}
    fusions: dict[Condition, FusionSection] = {}
    hypernetworks: dict[Condition, HypernetworkTraining] = {}
    controls: tuple[Literal["romanised", "related", "removed"], ...] = ()

    @model_validator(mode="after")
    def _tested_on_other_labels(self) -> Recipe:
        few, test = self.task_module.few, self.task.test
        if few is not None and (few.labels.card, few.labels.split) == (test.card, test.split):
            raise ValueError(
                f"task_module.few.labels: {test.split} of {test.card} is tested on; name another split"
            )
        return self

    @model_validator(mode="after")
    def _glossed_by_something(self) -> Recipe:
        alignment = self.language_modules.alignment
        if alignment is not None and alignment.gloss is not None and self.words is None:
            raise ValueError("alignment.gloss: there is no lexicon to gloss by; name its data (words)")
        return self

    @model_validator(mode="after")
    def _conditions_differ(self) -> Recipe:
        for one, other in combinations(("plans", "fusions", "hypernetworks"), 2):
            if both := sorted(getattr(self, one).keys() & getattr(self, other).keys()):
                raise ValueError(f"{one}: {both[0]} stands in {other} too")
        return self


def told(section: SpecT, kind: type[SpecT]) -> SpecT:
    """Return the part of a recipe's section that a maker needs: its values without those that name data."""
    return kind(**{name: getattr(section, name) for name in kind.model_fields})
