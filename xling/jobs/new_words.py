"""The lexicon of a new recipe: its section, and the data cards of the user's pairs and dictionary."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xling.corpora.card import PARALLEL
from xling.corpora.cards import load_card
from xling.corpora.own_cards import OwnCard
from xling.data.parallel import columns_of
from xling.data.rows import read_rows
from xling.jobs.train import is_table
from xling.languages import parse
from xling.modules.lexicon import heaviest
from xling.words.dictionary import read_dictionary

PAIRS, DICTIONARY, DICTIONARY_TABLE = "pairs.yaml", "dictionary.yaml", "dictionary.tsv"
_WORD, _TRANSLATION = "word", "translation"


@dataclass(frozen=True, kw_only=True)
class WordFiles:
    """The files of which a lexicon of the target language is made.

    pairs: sentences and their translations, in a table or a data card. lexicon: a dictionary.
    """

    language: str
    licence: str
    pairs: str | None = None
    lexicon: Path | None = None

    def section(self) -> dict[str, Any]:
        """Return the section `words` of the recipe, or nothing without pairs and dictionary."""
        section: dict[str, Any] = {}
        if self.pairs is not None:
            own = is_table(self.pairs)
            split = "train" if own else load_card(self.pairs).splits[0]
            section["pairs"] = {"card": PAIRS if own else self.pairs, "split": split}
        if self.lexicon is not None:
            section["dictionary"] = {"card": DICTIONARY, "split": "train"}
        return {"words": section} if section else {}

    def cards(self, folder: Path) -> dict[str, OwnCard]:
        """Return the data cards of the files, by file name; the dictionary is written to the folder."""
        cards = {}
        if self.pairs is not None and is_table(self.pairs):
            path = Path(self.pairs)
            columns = columns_of(list(read_rows(path)), path, self.language)
            cards[PAIRS] = self._card("sentences and their translations", path, columns)
        if self.lexicon is not None:
            path = folder / DICTIONARY_TABLE
            path.write_text(dictionary_table(self.lexicon), encoding="utf-8")
            cards[DICTIONARY] = self._card("words and their translations", path, (_WORD, _TRANSLATION))
        return cards

    def _card(self, title: str, path: Path, columns: tuple[str, str]) -> OwnCard:
        text, pair = columns
        return OwnCard(
            title=title,
            task=PARALLEL,
            files={f"{parse(self.language)}/train": path},
            licence=self.licence,
            columns={"text": text, "pair": pair, "label": None},
        )


def dictionary_table(path: Path) -> str:
    """Return a dictionary as a table with a header, the heaviest entry of each word."""
    entries = heaviest(read_dictionary(path))
    rows = [(_WORD, _TRANSLATION), *((own.word, own.translation) for own in entries)]
    return "".join(f"{word}\t{text}\n" for word, text in rows)
