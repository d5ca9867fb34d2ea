"""How often is the language of a sentence found? Profiles of plain text, beside the library lingua.

    python benchmarks/finding_languages.py --data-root data

Profiles are made from the text of `mlm_text`; the sentences are the test splits of SIB-200 and MasakhaNER. A
sentence counts as found when its own language is said, among all that have a profile. `others` are SIB-200's
sentences in languages without a profile: the share of these that is taken for one of them. The library
is asked in two ways: which of all the languages that it knows (`lingua`), and which of those that it shares
with the profiles (`lingua, restricted`); for languages that it does not know there is no figure.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from ledger import Row, append, here, this_machine
from make_results import DOCS

from xling.corpora.cards import load_card
from xling.corpora.source import load
from xling.data.examples import sample, text_of
from xling.data.text import deduplicate
from xling.languages import parse
from xling.modules.profile import Profile, Profiles

QUESTION = "finding-languages"
TEXT, TESTS = "mlm_text", {"topics": "sib200", "news": "masakhaner2"}
Tell = Callable[[str], str | None]


def texts(card: str, split: str, options: argparse.Namespace) -> Iterator[tuple[str, list[str]]]:
    """Yield each language of a card with the texts of a split, a sample of them where there are many."""
    known = load_card(card)
    for tag in known.languages:
        rows = load(known, tag, split, data_root=options.data_root)
        lines = [row if isinstance(row, str) else text_of(row) for row in rows]
        yield tag, deduplicate(sample(lines, options.rows if split == "test" else None, 0))


def lingua(wanted: Sequence[str], *, restricted: bool) -> tuple[Tell, set[str]]:
    """Return what the library says, and which of the wanted languages it knows."""
    from lingua import Language, LanguageDetectorBuilder

    tags = {own: parse(own.iso_code_639_3.name.lower()) for own in Language.all()}
    shared = [own for own, tag in tags.items() if tag in wanted]
    offered = shared if restricted else list(tags)
    detector = LanguageDetectorBuilder.from_languages(*offered).build()

    def tell(text: str) -> str | None:
        found = detector.detect_language_of(text)
        return tags[found] if found else None

    return tell, {tags[own] for own in shared}


def measured(tell: Tell, tests: Mapping[str, Sequence[str]], known: set[str]) -> Row:
    """Return the percentage of texts that are found, by language and on average, and the time a text."""
    started, count, found = time.perf_counter(), 0, {}
    for tag in sorted(known & tests.keys()):
        said = [tell(text) for text in tests[tag]]
        count += len(said)
        found[tag] = round(100 * sum(own == tag for own in said) / len(said), 1)
    milliseconds = 1000 * (time.perf_counter() - started) / max(1, count)
    mean = round(sum(found.values()) / len(found), 1)
    return {"languages": len(found), "mean": mean, "ms a text": round(milliseconds, 2), **found}


def taken(tell: Tell, others: Mapping[str, Sequence[str]], known: set[str]) -> float:
    """Return the percentage of texts in other languages that are taken for a known one."""
    said = [tell(text) in known for own in others.values() for text in own]
    return round(100 * sum(said) / len(said), 1)


def main() -> None:
    """Measure, append, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--data-root", type=Path)
    parser.add_argument("--rows", type=int, default=100)
    parser.add_argument("--out", type=Path, default=DOCS / "results.jsonl")
    options = parser.parse_args()
    profiles = {tag: Profile.of(lines) for tag, lines in texts(TEXT, "train", options)}
    pairs = tuple((tag, own) for tag, own in profiles.items() if own is not None)
    size = sum(len(str(own).encode()) for _, own in pairs) / len(pairs) / 1024
    every = set(profiles)
    own_way: tuple[Tell, set[str]] = (Profiles(pairs), every)
    free, bound = (lingua(sorted(every), restricted=choice) for choice in (False, True))
    ways = {"profiles": own_way, "profiles, languages that lingua knows": (own_way[0], free[1])}
    ways |= {"lingua": free, "lingua, restricted": bound}
    for name, card in TESTS.items():
        tests = dict(texts(card, "test", options))
        others = {tag: rows[:30] for tag, rows in tests.items() if tag.partition("_")[0] not in every}
        for way, (tell, known) in ways.items():
            row: Row = {"setting": f"{name}, {way}", **measured(tell, tests, known)}
            if others and way in ("profiles", "lingua"):
                row["others"] = taken(tell, others, known)
            if way == "profiles":
                row["kilobytes a profile"] = round(size, 1)
            append(options.out, [{"question": QUESTION, **row, "machine": this_machine(), **here()}])
            print(json.dumps(row, ensure_ascii=False))


if __name__ == "__main__":
    main()
