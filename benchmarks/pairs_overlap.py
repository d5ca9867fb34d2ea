"""How many pairs of parallel text share eight words in a row with a dev or test sentence of the lab's suites.

    python benchmarks/pairs_overlap.py --data-root data

The lab leaves these pairs out. A row for each language is appended to the results file.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from lab.ground import Ground
from lab.overlap import WIDTH
from lab.suites import SUITES
from ledger import append, here
from make_results import DOCS
from tables import plain

from xling.corpora.cards import load_card

QUESTION = "lab-pairs-overlap"


def main() -> None:
    """Count, append, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--data-root", type=Path)
    parser.add_argument("--out", type=Path, default=DOCS / "results.jsonl")
    options = parser.parse_args()
    date = here()["date"]
    for name in ("topic-pairs", "ner-pairs"):
        ground = Ground(SUITES[name], Path(), options.data_root)
        card = load_card(str(ground.suite.pairs))
        for language in card.languages:
            found = ground.sifted(language)
            row = {
                "question": QUESTION,
                "card": card.name,
                "language": language,
                "pairs": len(found.kept) + found.dropped,
                "by_own_side": found.own,
                "by_english_side": found.source,
                "left_out": found.dropped,
                "words_in_a_row": WIDTH,
                "date": date,
            }
            append(options.out, [row])
            print(*map(plain, row.values()), file=sys.stderr)


if __name__ == "__main__":
    main()
