"""Whether a text is one to learn pieces from."""

from __future__ import annotations

from collections.abc import Sequence

from xling.errors import InputError
from xling.languages import script as script_of
from xling.vocabulary.letters import scripts

_FEWEST_LINES = 20
_OWN_SHARE = 0.7
# codes of languages that are written in several scripts at once
_TOGETHER = {
    "Jpan": {"Hira", "Kana", "Hani"},
    "Kore": {"Hang", "Hani"},
    "Hans": {"Hani"},
    "Hant": {"Hani"},
}


def check_text(lines: Sequence[str], language: str, *, mixed: bool = False) -> None:
    """Raise InputError for a text that repeats itself, has no letter, or is mostly in another script.

    mixed: whether other scripts are meant to be there.
    """
    different = len(set(lines))
    if different < _FEWEST_LINES:
        raise InputError(
            f"the text has {different} different lines of {len(lines)}; pieces are learned from "
            f"{_FEWEST_LINES} at least",
            where="--text",
            hint="give more text",
        )
    found = scripts(lines)
    total, own = sum(found.values()), script_of(language)
    if not total:
        raise InputError("the text has no letter", where="--text", hint="give text in the language")
    share = sum(found[code] for code in _TOGETHER.get(own, {own})) / total
    if share < _OWN_SHARE and not mixed:
        shares = ", ".join(f"{code} {count / total:.0%}" for code, count in found.most_common(4))
        raise InputError(
            f"only {share:.0%} of the letters are {own}, the script of {language} ({shares})",
            where="--text",
            hint="take the other script out, name the language with its script, or allow it with --mixed",
        )
