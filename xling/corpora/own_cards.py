"""Writing data cards for files, with what can be counted in them: examples and checksums."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from xling.corpora.cards import card_of
from xling.corpora.source import file_checksum, load
from xling.files import write_atomically
from xling.modules.facts import Descent
from xling.plain_yaml import written


@dataclass(frozen=True, kw_only=True)
class OwnCard:
    """What a data card says of files that are read as `xling train` reads them.

    task: the name of a task, or `text`.
    files: the path of each file or folder of text, by `language/split`.
    licence: one of `xling.corpora.licences.LICENCES`.
    columns: the names of a table's columns, for files that are tables of another kind.
    descent: the data and modules that the files were made from.
    """

    title: str
    task: str
    files: Mapping[str, Path]
    licence: str
    source: str = "files of my own"
    citation: str = "none"
    known_faults: tuple[str, ...] = ()
    columns: Mapping[str, str | None] = field(default_factory=dict)
    descent: Descent = Descent()

    def write(self, path: Path, *, head: str) -> dict[str, int]:
        """Write the card, and return the number of examples by `language/split`.

        head: a comment at the beginning of the file.

        Raises InputError when a file cannot be read; the card is then not written.
        """
        files = {key: os.path.relpath(file, path.parent) for key, file in self.files.items()}
        languages, splits = zip(*(key.split("/") for key in files), strict=True)
        values = {
            "title": self.title,
            "task": self.task,
            "format": "table" if self.columns else "text" if self.task == "text" else "own",
            "source": self.source,
            "citation": self.citation,
            "licence": {"id": self.licence},
            "languages": {tag: tag for tag in dict.fromkeys(languages)},
            "splits": tuple(dict.fromkeys(splits)),
            **({"columns": dict(self.columns)} if self.columns else {}),
            "files": files,
            **({"known_faults": self.known_faults} if self.known_faults else {}),
            **({"made_from": asdict(self.descent)} if self.descent != Descent() else {}),
        }
        card = card_of(values, path)
        counts = {key: len(load(card, *key.split("/"))) for key in files}
        sums = {files[key]: file_checksum(Path(card.files[key])) for key in files}
        values |= {"checksums": sums, "counts": {files[key]: counts[key] for key in files}}
        write_atomically(path, (head + written(values)).encode("utf-8"))
        return counts
