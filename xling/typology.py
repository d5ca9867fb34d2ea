"""Facts of languages that help to choose a source: family, place, and a few features of grammar.

The facts lie in `typology.tsv`, one row a language; all scripts of a language share its row. They are
coarse on purpose:
order: of subject, object and verb. VSO is any order that begins with the verb, `free` one that no order
    dominates, as in German, where it depends on the kind of clause.
adposition: before or after its noun. adjective: AN before its noun, NA after it.
genders: classes of nouns that other words agree with; `many` from four on.
cases: endings of nouns, clitics among them; `few` up to five.
tone: of words; an accent marked by pitch alone is none.
`?` is what is unknown, or told differently by different grammars; distances leave it out.
Families are broad where linguists differ (Mande stands in Niger-Congo); a creole stands with the language
that gave it its words.
"""

from __future__ import annotations

import csv
import difflib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

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
    """A place on the earth, in degrees, north and east positive."""

    latitude: int
    longitude: int


@dataclass(frozen=True, kw_only=True)
class LanguageFacts:
    """A row. family: names from the top down. macroarea: a part of the world; empty when unknown.

    features: the known ones of `FEATURES`. place: where it is spoken; None when unknown.
    """

    language: str
    family: Path
    macroarea: str
    features: Mapping[str, str]
    place: Coordinates | None


@dataclass(frozen=True)
class Distance:
    """How far apart two languages are, from 0 to 1.

    total: the mean of the components. components: those that can be told, by name, of `COMPONENTS`.
    differing: the features of grammar in which the two differ.
    """

    total: float
    components: Mapping[str, float]
    differing: tuple[str, ...]


@dataclass(frozen=True)
class Related:
    """The nearest related language, and why it is that."""

    language: str
    reason: str


def languages() -> tuple[str, ...]:
    """Every language that has a row, sorted."""
    return tuple(_table())


def has_facts(tag: str) -> bool:
    """Whether the language of a tag, in whatever script, has a row."""
    return _language(tag) in _table()


def facts(tag: str) -> LanguageFacts:
    """What is known of a language; InputError with near tags when it has no row."""
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
    """The names of a language's family, from the top down; InputError without a row."""
    return facts(tag).family


def features(tag: str) -> Mapping[str, str]:
    """The known features of a language's grammar, by name; InputError without a row."""
    return facts(tag).features


def distance(first: str, second: str) -> Distance:
    """How far apart two languages are, and in what.

    grammar: the share of features in which they differ, of those known of both. family: one less what
    their paths share over the longer path. geography: the great circle over half the earth. script: 0 or 1.
    A language without a row is no error, for most languages of the world have none: only the script
    is compared then, so hold such a distance only against others of its kind (`has_facts`).
    Raises InputError for a tag that no language has.
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
    """What two languages share, in words: `shares Niger-Congo>…>Bantu, the same script`."""
    same = script(target) == script(other)
    return f"{_kinship(target, other)}, {'the same script' if same else f'another script ({script(other)})'}"


def related(target: str, candidates: Iterable[str]) -> Related:
    """The nearest related language of several.

    The deepest shared family comes first, then the target's script, then the smallest distance; of equal
    ones the first given. A language without a row has no family, and stands behind those with one; so
    for a target without a row the script decides. The target itself is passed over.
    Raises InputError when no candidate is left, or for a tag that no language has.
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
    """How many names two families share from the top; one more for a language and its other script."""
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
    depth = 0
    while depth < min(len(first), len(second)) and first[depth] == second[depth]:
        depth += 1
    return first[:depth]


def _great_circle(first: Coordinates, second: Coordinates) -> float:
    """The angle between two places over 180 degrees (haversine)."""
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
