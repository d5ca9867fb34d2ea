"""From files to a vocabulary module's folder: what `xling vocabulary build` does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xling.bases.base import load_base
from xling.data.examples import fingerprint
from xling.data.parallel import read_parallel
from xling.data.text import read_text
from xling.files import check_new
from xling.languages import parse
from xling.makers.language import Origin, Run, Say
from xling.makers.vocabulary import Wanted, build_vocabulary
from xling.store.card import write_card
from xling.vocabulary.checking import check_text
from xling.vocabulary.word_list import induced, read_word_list


@dataclass(frozen=True, kw_only=True)
class VocabularyOrder:
    """A language, the files that its vocabulary is made from, and where it goes.

    protect, source_text: text in a language that the base knows. dictionary: a word list. parallel:
    sentences and their translations, which words are taken from too where there is no list. spellings:
    strings and what the tokenizer reads in their place.
    """

    language: str
    text: tuple[Path, ...]
    out: Path
    protect: tuple[Path, ...] = ()
    source_text: tuple[Path, ...] = ()
    dictionary: Path | None = None
    parallel: Path | None = None
    spellings: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Making:
    """How it is made; see `Wanted`."""

    method: str
    init: str
    size: int | None = None
    rank: int | None = None
    mixed: bool = False
    seed: int = 0


def vocabulary_to(base: str, order: VocabularyOrder, making: Making, say: Say) -> dict[str, Any]:
    """Make a vocabulary module and write its folder, which must be new."""
    check_new(order.out)
    tag = parse(order.language)
    lines = read_text(order.text)
    wanted = Wanted(
        method=making.method,
        size=making.size,
        init=making.init,
        rank=making.rank,
        protect=read_text(order.protect),
        source_lines=read_text(order.source_text),
        **_translations(order),
        mixed=making.mixed,
        spellings=dict(read_word_list(order.spellings)) if order.spellings else {},
    )
    check_text(lines, tag, mixed=making.mixed)
    cards = ((" ".join(path.name for path in order.text), fingerprint(lines)),)
    run = Run(seed=making.seed, say=say, origin=Origin(cards))
    module = build_vocabulary(load_base(base), lines, language=order.language, wanted=wanted, run=run)
    module.save(order.out)
    write_card(module, "/".join(order.out.parts[-2:]), order.out)
    return {"module": str(order.out), **module.scores}


def _translations(order: VocabularyOrder) -> dict[str, list[tuple[str, str]]]:
    """Pairs of words, as given or taken from the parallel sentences, and those."""
    pairs = read_parallel(order.parallel, language=order.language) if order.parallel else []
    words = read_word_list(order.dictionary) if order.dictionary else induced(pairs) if pairs else []
    return {"dictionary": list(words), "pairs": list(pairs)}
