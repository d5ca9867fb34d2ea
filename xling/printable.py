"""Text of strangers, made fit for a terminal and for one line: escaped, and cut where it is long."""

from __future__ import annotations

_JOINERS = "\u200c\u200d"  # part of the spelling of Persian and many Indic words
_GAP = " ... "


def printable(text: str) -> str:
    """Return a text with every character that a terminal could act on, or not show, as a Python escape.

    Spaces, and the joiners that spelling needs, stay.
    """
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() or sign in _JOINERS else _escaped(sign) for sign in text)


def one_line(text: str) -> str:
    """Return a text as one printable line, with one space for each run of white space."""
    return printable(" ".join(text.split()))


def cut(text: str, longest: int) -> str:
    """Return a text of at most `longest` characters: its beginning and its end where it is longer."""
    if len(text) <= longest:
        return text
    kept = longest - len(_GAP)
    return f"{text[: kept - kept // 3]}{_GAP}{text[len(text) - kept // 3 :]}"


def shown(value: object, longest: int = 40) -> str:
    """Return a value as printable text that is short enough for an error message."""
    try:
        text = value if isinstance(value, str) and value.isprintable() else ascii(value)
    except RecursionError:
        return "a value nested too deep to be shown"
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def _escaped(sign: str) -> str:
    return sign.encode("unicode_escape").decode("ascii")
