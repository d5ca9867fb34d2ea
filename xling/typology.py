"""Facts about languages that help to choose a source: family, region, and a few grammar features.

The facts are in `typology.tsv`, one row for each language; all scripts of a language share its row. They are
coarse on purpose:
order: The order of subject, object and verb. VSO is any order that begins with the verb; `free` means that no
    order dominates, as in German, where it depends on the kind of clause.
adposition: Whether adpositions stand before (`pre`) or after (`post`) the noun.
adjective: Whether adjectives stand before (`AN`) or after (`NA`) the noun.
genders: The number of noun classes that other words agree with; `many` means four or more.
cases: The number of case endings of nouns, clitics included; `few` means up to five.
tone: Whether words have tone; a pitch accent does not count.
A `?` means that the value is unknown or that grammars disagree; distances ignore it.
Families are broad where linguists differ (Mande is in Niger-Congo); a creole has the family of the language
that most of its words come from.
"""

from __future__ import annotations

import csv
import difflib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import takewhile

from xling.errors import InputError
from xling.languages import name, parse, script

UNKNOWN = "?"
FEATURES: Mapping[str, tuple[str, ...]] = {
    "order": ("SOV", "SVO", "VSO", "free"),
    "adposition": ("pre", "post"),
    "adjective": ("NA", "AN"),
    "genders": ("0", "2", "3", "many"),
    "cases": ("none", "few", "many"),
    "morphology": ("isolating", "fusional", "agglutinative"),
    "tone": ("yes", "no"),
}
COMPONENTS = ("grammar", "family", "geography", "script")

Path = tuple[str, ...]


@dataclass(frozen=True)
class Coordinates:
    """A point on the earth in degrees; north and east are positive."""

    latitude: int
    longitude: int


@dataclass(frozen=True, kw_only=True)
class LanguageFacts:
    """The facts about one language.

    Attributes:
        language: The ISO 639-3 code.
        family: The names of the family and its branches, the widest first.
        macroarea: The part of the world where it is spoken; empty when unknown.
        features: The known features of its grammar, by names of `FEATURES`.
        place: The point where it is spoken; None when unknown.
    """

    language: str
    family: Path
    macroarea: str
    features: Mapping[str, str]
    place: Coordinates | None


@dataclass(frozen=True)
class Distance:
    """How far apart two languages are, from 0 to 1.

    Attributes:
        total: The mean of the components.
        components: The known components, by names of `COMPONENTS`, each from 0 to 1.
        differing: The grammar features in which the two languages differ.
    """

    total: float
    components: Mapping[str, float]
    differing: tuple[str, ...]


@dataclass(frozen=True)
class Related:
    """The nearest related language, and the reason for this choice."""

    language: str
    reason: str


def languages() -> tuple[str, ...]:
    """Return every language that has a row, sorted."""
    return tuple(_table())


def has_facts(tag: str) -> bool:
    """Return whether the language of a tag has a row; the script does not matter."""
    return _language(tag) in _table()


def facts(tag: str) -> LanguageFacts:
    """Return the facts about a language. Raises InputError, with similar tags, when it has no row."""
    language = _language(tag)
    if language not in _table():
        raise InputError(
            f"nothing is known of {name(language)} ({language})",
            where="facts of languages",
            choices=difflib.get_close_matches(language, _table(), n=4, cutoff=0.5),
            hint="name a language that has a row in typology.tsv",
        )
    return _table()[language]


def family(tag: str) -> Path:
    """Return a language's family and branches, the widest first. Raises InputError when it has no row."""
    return facts(tag).family


def features(tag: str) -> Mapping[str, str]:
    """Return the known grammar features of a language, by name. Raises InputError when it has no row."""
    return facts(tag).features


def traits(tag: str) -> tuple[str, ...]:
    """Return what is known of a language as names, such as `family: Bantu`, `order: SVO` and `script: Latn`.

    Raises InputError when it has no row.
    """
    own = facts(tag)
    return (
        *(f"family: {branch}" for branch in own.family),
        *([f"area: {own.macroarea}"] if own.macroarea else []),
        *(f"{key}: {value}" for key, value in own.features.items()),
        f"script: {script(tag)}",
    )


def distance(first: str, second: str) -> Distance:
    """Return how far apart two languages are, and in which respects.

    The components are `grammar`, the share of the features known for both in which they differ; `family`, one
    minus the number of shared names divided by the length of the longer path; `geography`, the great-circle
    distance divided by half the circumference of the earth; and `script`, 0 if it is the same, else 1.
    Most languages of the world have no row. That is not an error: only the scripts are compared then, so
    compare such a distance only with others of this sort (see `has_facts`).
    Raises InputError when no language has one of the tags.
    """
    found: dict[str, float] = {}
    differing: tuple[str, ...] = ()
    if has_facts(first) and has_facts(second):
        one, other = facts(first), facts(second)
        common = one.features.keys() & other.features.keys()
        differing = tuple(
            key for key in FEATURES if key in common and one.features[key] != other.features[key]
        )
        if common:
            found["grammar"] = len(differing) / len(common)
        longer = max(len(one.family), len(other.family))
        found["family"] = 1 - len(_shared(one.family, other.family)) / longer
        if one.place and other.place:
            found["geography"] = _great_circle(one.place, other.place)
    found["script"] = float(script(first) != script(second))
    return Distance(sum(found.values()) / len(found), found, differing)


def describe(target: str, other: str) -> str:
    """Describe what two languages share, such as `shares Niger-Congo>…>Bantu, the same script`."""
    same = script(target) == script(other)
    return f"{_kinship(target, other)}, {'the same script' if same else f'another script ({script(other)})'}"


def related(target: str, candidates: Iterable[str]) -> Related:
    """Choose the candidate that is most closely related to the target.

    The deepest shared family counts first, then the same script, then the smallest distance; if these are
    equal, the first candidate wins. A language without a row has no known family and ranks after those that
    have one, so for a target without a row the script decides. The target itself is skipped.
    Raises InputError when no candidate is left, or when no language has one of the tags.
    """
    target = parse(target)
    tags = [tag for tag in dict.fromkeys(map(parse, candidates)) if tag != target]
    if not tags:
        raise InputError(f"no language to choose from for {target}", where="related language")
    steps = {tag: (-_kin(target, tag), script(tag) != script(target), not has_facts(tag)) for tag in tags}
    best = min(steps.values())
    equal = [tag for tag in tags if steps[tag] == best]
    chosen = min(equal, key=lambda tag: distance(target, tag).total)
    reason = describe(target, chosen)
    if len(equal) > 1:
        far = distance(target, chosen).total
        reason += f", typologically nearest of {', '.join(equal)} (distance {far:.2f})"
    return Related(chosen, reason)


def _kin(target: str, other: str) -> int:
    """Count the names that two families share from the top; the same language in another script adds one."""
    if _language(target) == _language(other):
        return 1 + (len(family(other)) if has_facts(other) else 0)
    if not (has_facts(target) and has_facts(other)):
        return 0
    return len(_shared(family(target), family(other)))


def _kinship(target: str, other: str) -> str:
    if _language(target) == _language(other):
        return "the same language"
    for tag in (target, other):
        if not has_facts(tag):
            return f"no facts of {_language(tag)} at hand"
    shared = _shared(family(target), family(other))
    if not shared:
        return "no family in common"
    return f"shares {'>'.join(shared if len(shared) < 3 else (shared[0], '…', shared[-1]))}"


def _shared(first: Path, second: Path) -> Path:
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False))
    return tuple(name for name, _ in pairs)


def _great_circle(first: Coordinates, second: Coordinates) -> float:
    """Return the angle between two points divided by 180 degrees (haversine formula)."""
    north, other_north = math.radians(first.latitude), math.radians(second.latitude)
    east = math.radians(second.longitude - first.longitude)
    across = math.cos(north) * math.cos(other_north) * math.sin(east / 2) ** 2
    chord = math.sin((other_north - north) / 2) ** 2 + across
    return 2 * math.asin(math.sqrt(min(1.0, chord))) / math.pi


def _language(tag: str) -> str:
    return parse(tag).partition("_")[0]


@cache
def _table() -> Mapping[str, LanguageFacts]:
    text = resources.files("xling").joinpath("typology.tsv").read_text(encoding="utf-8")
    rows: Sequence[Mapping[str, str]] = list(csv.DictReader(text.splitlines(), delimiter="\t"))
    return {row["language"]: _facts(row) for row in sorted(rows, key=lambda row: row["language"])}


def _facts(row: Mapping[str, str]) -> LanguageFacts:
    place = (row["latitude"], row["longitude"])
    return LanguageFacts(
        language=row["language"],
        family=tuple(row["family"].split(">")),
        macroarea="" if row["macroarea"] == UNKNOWN else row["macroarea"],
        features={key: row[key] for key in FEATURES if row[key] != UNKNOWN},
        place=None if UNKNOWN in place else Coordinates(*map(int, place)),
    )
