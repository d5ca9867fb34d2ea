"""Tracing data to the modules of a store that descend from it: `xling module list --trained-on`."""

from __future__ import annotations

import difflib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xling.corpora.cards import CARD_ENDINGS, load_card
from xling.data.checksums import checksums
from xling.errors import InputError
from xling.modules.facts import Descent
from xling.store.lineage import Descendant, Member, descendants, members
from xling.store.store import Store


@dataclass(frozen=True, kw_only=True)
class Source:
    """Data as modules record them: the checksums of files or, if there are none, the name of a card."""

    name: str
    files: frozenset[str] = frozenset()

    @classmethod
    def named(cls, text: str) -> Source:
        """Return the source that a user names: files, a folder, a card's file, or the name of a card.

        Raises InputError when a file cannot be read.
        """
        path = Path(text)
        if not os.path.exists(path):  # Path.exists raises for names that are too long
            return cls(name=text)
        if path.suffix not in CARD_ENDINGS:
            return cls(name=path.name, files=frozenset(checksums([path])))
        card = load_card(path)
        at_hand = [own for own in card.files.values() if Path(own).exists()]
        files = frozenset((*card.checksums.values(), *checksums(at_hand)))
        return cls(name=card.name, files=files)

    def made(self, descent: Descent) -> bool:
        """Return whether something descends from these data."""
        return bool(self.files.intersection(descent.files)) if self.files else self.name in names(descent)


def names(descent: Descent) -> set[str]:
    """Return the names of cards and files. Those of several files stand in one text, with blanks between."""
    return {name for card in descent.cards for name in (card, *card.split())}


@dataclass(frozen=True, kw_only=True)
class Traced:
    """What a store holds of a source.

    found: the modules that descend from it, each after those that it was made with.
    others: the modules that do not.
    unread: why modules cannot be read, by name.
    """

    source: Source
    found: Sequence[Descendant]
    others: Sequence[Member]
    unread: dict[str, str]

    def rows(self) -> list[dict[str, Any]]:
        """Return a row for each module that descends from the source, and for each that cannot be read."""
        found = [{"name": own.member.name, "descends": _how(own)} for own in self.found]
        unread = [{"name": name, "descends": "not known", "fault": own} for name, own in self.unread.items()]
        return aligned([*found, *unread])

    def remarks(self) -> list[str]:
        """Return what else the user should know: other content of the same name, or that nothing is found."""
        alike = [own for own in self.others if self.source.name in names(own.facts.ancestry)]
        said = [f"{own.name}: same name, {_content(own)}, so it is not in the list" for own in alike]
        if not self.found and not alike:
            known = {name for own in self.others for name in names(own.facts.ancestry)}
            near = difflib.get_close_matches(self.source.name, known, n=5, cutoff=0.3) or sorted(known)[:8]
            said.append(
                f"no module descends from {self.source.name!r}; they name {', '.join(near) or 'no data'}"
            )
        return said


def traced(root: Path, text: str) -> Traced:
    """Return what a store holds of a data card or file, which the user names.

    Raises InputError when the store holds no module, or the file cannot be read.
    """
    store, source = Store(root), Source.named(text)
    check_holds_modules(store)
    among, unread = members(store)
    found = descendants(among, source.made)
    names_found = {own.member.name for own in found}
    others = [own for own in among if own.name not in names_found]
    return Traced(source=source, found=found, others=others, unread=unread)


def check_holds_modules(store: Store) -> None:
    """Raise InputError when the store holds no module."""
    if not store.names():
        missing = "holds no module" if store.root.is_dir() else "no such folder"
        raise InputError(
            missing, where=store.root, hint="name a store with --store, or fill one with xling train"
        )


def aligned(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows that all have the same columns, `fault` last; what a row does not have is None."""
    columns = sorted(dict.fromkeys(key for row in rows for key in row), key="fault".__eq__)
    return [{key: row.get(key) for key in columns} for row in rows]


def _how(own: Descendant) -> str:
    return f"through {own.through}" if own.through else "directly"


def _content(own: Member) -> str:
    return "other content" if own.facts.descent.files else "no checksum of the content"
