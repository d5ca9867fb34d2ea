"""What tells the language of a text, or of its runs of words: profiles of language modules, or a library."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from xling.errors import InputError, PlanError
from xling.languages import parse
from xling.modules.profile import Profile, Profiles
from xling.registry import Registry

OWN = "profile"  # what is used where a plan names nothing else
WORDS = "words"  # by profiles too, and each run of words for itself
Identify = Callable[[str], str | None]  # called with a text; the language that it is in, or None
Divide = Callable[[Sequence[str]], list[slice]]  # called with words; the runs that go their own ways


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A language that a text may be in.

    name: the name of a module of that language. profile: the text of its profile, or empty.
    """

    language: str
    name: str
    profile: str


def by_profiles(candidates: Sequence[Candidate]) -> Identify:
    """Tell the language by the profiles that the modules keep.

    Raises PlanError, which names the modules, when some have none.
    """
    if missing := [own.name for own in candidates if not own.profile]:
        raise PlanError(
            f"{' and '.join(missing)} {'has' if len(missing) == 1 else 'have'} no profile, by which texts of "
            "the language are found",
            where="--plan",
            hint="make it from text: xling module profile NAME --text FILE",
        )
    return _profiles(candidates)


def dividing(candidates: Sequence[Candidate], identify: Identify) -> Divide:
    """Return what cuts words into runs of one language each, as the profiles of the candidates tell them.

    identify: what then finds the language of a run. Neighbours that it finds of one language are one run.
    """
    profiles = _profiles(candidates)

    def divide(words: Sequence[str]) -> list[slice]:
        told = ((identify(" ".join(words[run])), run) for run in profiles.runs(words))
        together = ([run for _, run in own] for _, own in groupby(told, key=itemgetter(0)))
        return [slice(own[0].start, own[-1].stop) for own in together]

    return divide


def by_lingua(candidates: Sequence[Candidate]) -> Identify:
    """Tell the language by the library lingua, which chooses among all languages that it knows.

    So a text of another language is told from those of the candidates. Raises InputError when the library is
    not installed, and PlanError when it does not know a candidate.
    """
    try:
        from lingua import Language, LanguageDetectorBuilder
    except ImportError as error:
        hint = f"pip install 'xling[lingua]', or leave it out to go by {OWN}"
        raise InputError("the package lingua-language-detector is not installed", hint=hint) from error
    tags = {own: parse(own.iso_code_639_3.name.lower()) for own in Language.all()}
    for own in candidates:
        if own.language not in tags.values():
            raise PlanError(
                f"lingua does not know {own.language}, the language of {own.name}",
                where="--plan",
                choices=sorted(tags.values()),
                hint=f"leave lingua out to go by {OWN}",
            )
    detector = LanguageDetectorBuilder.from_all_languages().build()
    wanted = {own.language for own in candidates}

    def identify(text: str) -> str | None:
        found = detector.detect_language_of(text)
        return tags[found] if found and tags[found] in wanted else None

    return identify


def _profiles(candidates: Sequence[Candidate]) -> Profiles:
    return Profiles(tuple((own.language, _read(own)) for own in candidates))


def _read(candidate: Candidate) -> Profile:
    try:
        return Profile.parse(candidate.profile)
    except ValueError as error:
        raise PlanError(
            f"{candidate.name}: what it keeps {error}",
            where="--plan",
            hint=f"make it anew: xling module profile {candidate.name} --text FILE",
        ) from error


IDENTIFIERS: Registry[Callable[[Sequence[Candidate]], Identify]] = Registry(
    "way to find languages", ((OWN, by_profiles), ("lingua", by_lingua), (WORDS, by_profiles))
)
