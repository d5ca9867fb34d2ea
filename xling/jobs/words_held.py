"""The words of a task's text that a user's text, pairs and dictionary hold, and what to expect of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from xling.data.text import read_text
from xling.errors import InputError
from xling.jobs.train import pairs_of
from xling.vocabulary.diagnosis.advice import percent
from xling.words.coverage import Held, held, running_words
from xling.words.dictionary import read_dictionary
from xling.words.expected import expected, module_or_words


@dataclass(frozen=True, kw_only=True)
class Sources:
    """What may know the words of a task.

    text: files of plain text. pairs: a table of sentences and translations, or a data card. lexicon: a
    dictionary. data_root: the folder that holds the data sets of cards.
    """

    language: str | None = None
    text: Sequence[Path] = ()
    pairs: str | None = None
    lexicon: Path | None = None
    data_root: Path | None = None

    def held(self, lines: Sequence[str]) -> list[Held]:
        """Return how many running words of lines each source holds. Raises InputError for a faulty file."""
        found = []
        if self.text:
            found.append(held(lines, running_words(read_text(self.text)), holder="text"))
        if self.pairs is not None:
            if self.language is None:
                raise InputError("say the language of the pairs", where="--language", hint="give its tag")
            rows = pairs_of(self.pairs, self.language, self.data_root).rows
            found.append(held(lines, running_words(own for own, _ in rows), holder="pairs"))
        if self.lexicon is not None:
            entries = {entry.word for entry in read_dictionary(self.lexicon)}
            found.append(held(lines, entries, holder="dictionary"))
        return found


def shares(known: Sequence[Held]) -> dict[str, str]:
    """Return the share of words that each source holds, by label, as text."""
    told = ((own.holder, percent(own.exact), percent(own.without_marks)) for own in known)
    return {
        f"task's words in the {holder}": f"{exact} ({other} without marks)" for holder, exact, other in told
    }


def expectations(known: Sequence[Held], *, unread: bool) -> list[str]:
    """Return what was measured with as many words known, in sentences without a full stop.

    Only translations are worth a sentence: a text alone tells no word's meaning. unread: whether the base
    cannot read the language.
    """
    said = []
    for own in known:
        if own.holder != "text":
            what = f"the {own.holder} hold{'' if own.holder == 'pairs' else 's'}"
            told = f"{what} {percent(own.exact)} of the {own.words:,} running words of the task's text"
            said.append(f"{told}: {expected(own.exact, unread=unread)}")
    if pairs := next((own for own in known if own.holder == "pairs"), None):
        said.append(module_or_words(pairs.exact, unread=unread))
    return said
