"""Similarity of candidate sources to a target, one component at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import cosine_similarity, normalize

from xling import typology
from xling.bases.base import Base
from xling.composition.composed import Composition
from xling.data.examples import sample
from xling.errors import InputError
from xling.evaluation import lexical
from xling.evaluation.lexical import SurfaceCounts
from xling.training.alignment import sentence_vectors
from xling.vocabulary.letters import is_letter

Values = Sequence[float | None]
MOST_SENTENCES = 200


@dataclass(frozen=True)
class Text:
    """A target or a candidate. name: its name in results and errors. lines: sentences or longer texts."""

    name: str
    language: str
    lines: Sequence[str]


@dataclass(frozen=True)
class Component:
    """One measure of similarity or distance. label: its name in tables and sentences."""

    key: str
    label: str
    higher_is_better: bool = True


COMPONENTS = (
    Component("words", "shared words"),
    Component("trigrams", "trigrams"),
    Component("pieces", "pieces"),
    Component("centroid", "mean of sentences"),
    Component("nearest", "nearest sentences"),
    Component("typology", "typology", higher_is_better=False),
)
_LEXICAL: Mapping[str, Callable[[SurfaceCounts, SurfaceCounts], float]] = {
    "words": lexical.word_overlap,
    "trigrams": lexical.trigram_similarity,
    "pieces": lexical.piece_similarity,
}


@dataclass(frozen=True, kw_only=True)
class Compared:
    """The values of each component for each candidate.

    values: by key of the component, one value per candidate, None where it is unknown.
    characters: how many characters of each candidate were read for words, trigrams and pieces.
    """

    target: Text
    candidates: Sequence[Text]
    distances: Sequence[typology.Distance]
    values: Mapping[str, Values]
    characters: int

    @property
    def components(self) -> tuple[Component, ...]:
        """The components that were computed."""
        return tuple(component for component in COMPONENTS if component.key in self.values)


def compare(target: Text, candidates: Sequence[Text], *, base: Base | None = None, seed: int = 0) -> Compared:
    """Compare candidates with a target; with a base, by its pieces and sentence vectors too.

    Words, trigrams and pieces use as many characters of each candidate as the shortest one has; sentence
    vectors use at most 200 lines.
    Raises InputError for a text without a letter.
    """
    for text in (target, *candidates):
        if not any(map(is_letter, chain.from_iterable(text.lines))):
            raise InputError("the text has no letter", where=text.name, hint="give text in the language")
    parts = lexical.equal_parts([text.lines for text in candidates], seed=seed)
    values = _surfaces(target, parts, base=base, seed=seed)
    if base is not None:
        values |= _sentences(target, candidates, base=base, seed=seed)
    distances = [typology.distance(target.language, text.language) for text in candidates]
    values["typology"] = _typology(target, candidates, distances=distances)
    return Compared(
        target=target,
        candidates=candidates,
        distances=distances,
        values=values,
        characters=sum(map(len, parts[0])),
    )


def _surfaces(
    target: Text, parts: Sequence[Sequence[str]], *, base: Base | None, seed: int
) -> dict[str, Values]:
    tokenizer, longest = (base.tokenizer, base.max_length) if base else (None, 0)
    lines = lexical.part(target.lines, lexical.MOST_CHARACTERS, seed=seed)
    own = lexical.surface(lines, tokenizer=tokenizer, max_length=longest)
    theirs = [lexical.surface(each, tokenizer=tokenizer, max_length=longest) for each in parts]
    keys = [key for key in _LEXICAL if base or key != "pieces"]
    return {key: [_LEXICAL[key](own, other) for other in theirs] for key in keys}


def _sentences(target: Text, candidates: Sequence[Text], *, base: Base, seed: int) -> dict[str, Values]:
    own = drawn_vectors(base, target.lines, seed=seed)
    theirs = [drawn_vectors(base, text.lines, seed=seed) for text in candidates]
    return {
        "centroid": [centroid_cosine(own, other) for other in theirs],
        "nearest": [nearest_cosine(own, other) for other in theirs],
    }


def _typology(target: Text, candidates: Sequence[Text], *, distances: Sequence[typology.Distance]) -> Values:
    """Return the typological distances, with None for a language whose script alone is known.

    If the script alone is known for the target, all distances compare scripts, and none is left out.
    """
    alone = not typology.has_facts(target.language)
    return [
        apart.total if alone or typology.has_facts(text.language) else None
        for text, apart in zip(candidates, distances, strict=True)
    ]


def drawn_vectors(base: Base, lines: Sequence[str], *, seed: int) -> Float[Tensor, "sentences hidden"]:
    """Return the sentence vectors of the lines, or of 200 random ones of more; long lines are cut."""
    chosen = sample(lines, MOST_SENTENCES, seed)
    rows = base.tokenizer(chosen, truncation=True, max_length=base.max_length)["input_ids"]
    return sentence_vectors(Composition(base), rows)


def centroid_cosine(
    target: Float[Tensor, "sentences hidden"], other: Float[Tensor, "others hidden"]
) -> float:
    """Return the cosine of the two mean vectors."""
    return float(cosine_similarity(target.mean(0), other.mean(0), dim=0))


def nearest_cosine(target: Float[Tensor, "sentences hidden"], other: Float[Tensor, "others hidden"]) -> float:
    """Return the mean, over the target's sentences, of the cosine to the nearest other sentence."""
    cosines = normalize(target, dim=-1) @ normalize(other, dim=-1).T
    return float(cosines.amax(1).mean())
