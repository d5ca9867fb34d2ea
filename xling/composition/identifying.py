"""What tells the language of a text: the profiles of language modules, or a library."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xling.errors import InputError, PlanError
from xling.languages import parse
from xling.modules.profile import Profile, Profiles
from xling.registry import Registry

OWN = "profile"  # what is used where a plan names nothing else
Identify = Callable[[str], str | None]  # called with a text; the language that it is in, or None


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
    return Profiles(tuple((own.language, _read(own)) for own in candidates))


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
    "way to find languages", ((OWN, by_profiles), ("lingua", by_lingua))
)
