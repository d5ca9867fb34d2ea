"""How many sentences of other languages an extended vocabulary splits otherwise than before.

    python benchmarks/extension_splits.py --data-root data --protect eng swh

Pieces are learned on the text of `mlm_text` and added to the base; the sentences are those of CoNLL-2003
English and of Swahili (MasakhaNER 2 and mlm_text), which no piece was learned on. Rows are appended to the
results file.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from ledger import append, here

from xling.bases.base import load_base
from xling.corpora.cards import load_card
from xling.corpora.source import load
from xling.data.examples import TaggedSentence
from xling.data.text import deduplicate
from xling.vocabulary.extending import extend
from xling.vocabulary.pieces import split

QUESTION = "extension-splits"
WATCHED = (
    ("conll2003_en", "eng", ("train", "dev", "test")),
    ("masakhaner2", "swh", ("dev", "test")),
    ("mlm_text", "swh", ("train",)),
)


def sentences(card: str, language: str, splits: Sequence[str], root: Path | None) -> list[str]:
    """The sentences of a card as texts, tokens joined by spaces."""
    rows = [row for name in splits for row in load(load_card(card), language, name, data_root=root)]
    return [" ".join(row.tokens) if isinstance(row, TaggedSentence) else str(row) for row in rows]


def main() -> None:
    """Extend, count, append, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--base", default="embedded:multilingual-e5-small")
    parser.add_argument("--languages", nargs="+", default=["nqo", "taq_Tfng", "bam", "ibo"])
    parser.add_argument("--size", type=int, default=4000)
    parser.add_argument(
        "--protect", nargs="*", default=[], help="languages of mlm_text whose lines keep their splits"
    )
    parser.add_argument("--data-root", type=Path)
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "docs" / "results.jsonl")
    options = parser.parse_args()
    base, root = load_base(options.base), options.data_root
    watched = {(card, tag): sentences(card, tag, splits, root) for card, tag, splits in WATCHED}
    before = {key: split(base.tokenizer.backend_tokenizer, lines) for key, lines in watched.items()}
    protect = [line for tag in options.protect for line in sentences("mlm_text", tag, ("train",), root)]
    rows = []
    for language in options.languages:
        text = deduplicate(sentences("mlm_text", language, ("train",), root))
        draft = extend(base, text, options.size, protect=protect)
        opened = draft.opened()
        row = {"question": QUESTION, "setting": f"extended by {language}", "added pieces": len(draft.new)}
        for (card, tag), lines in watched.items():
            after = split(opened, lines)
            changed = sum(one != other for one, other in zip(before[card, tag], after, strict=True))
            row[f"changed in {tag}, {card}"] = changed
            row[f"of {tag}, {card}"] = len(lines)
        short = sum(map(len, split(opened, text))) / sum(
            map(len, split(base.tokenizer.backend_tokenizer, text))
        )
        rows.append(
            {**row, "own text's length": round(short, 3), "protected": " ".join(options.protect) or "nothing"}
        )
    rows = [{**row, "base": options.base, "date": here()["date"]} for row in rows]
    append(options.out, rows)
    for row in rows:
        print(json.dumps(row, ensure_ascii=False))


if __name__ == "__main__":
    main()
