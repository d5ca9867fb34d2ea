"""Records what the evaluation script of the xSID repository says of made-up utterances.

The script is not on the registry; `scripts/nluEval.py` of https://github.com/mainlp/xsid (761d926) is given
by its path:

    PYTHONPATH=tests python tests/interop/record_xsid.py --script FOLDER/nluEval.py

The fixture `fixtures/xsid_scorer.json` holds for each case the tags and intents of its utterances, gold and
found, and the script's figures as it prints them: shares, not percent. Its fields are `slot-f1`, `intents`
and `fullCor`, where an utterance is right by the script's own spans. Tags are drawn by a seed, half of them
ill-formed.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

FIXTURE = Path(__file__).parent / "fixtures" / "xsid_scorer.json"
TYPES = ("datetime", "location", "weather/attribute")
INTENTS = ("alarm/set_alarm", "weather/find", "PlayMusic")
FIELDS = ("slot-f1", "intents", "fullCor")
# what the published rule makes of ends of sentences, types of I- and stray I-, and what is random
BY_HAND = (
    (["O", "B-datetime", "I-datetime"], ["O", "B-datetime", "O"]),
    (["B-datetime", "I-datetime", "O"], ["B-datetime", "O", "O"]),
    (["B-datetime", "I-location", "O"], ["B-datetime", "I-datetime", "O"]),
    (["O", "I-datetime"], ["O", "O"]),
    (["B-location"], ["B-location"]),
)
Case = list[dict[str, Any]]


def drawn(seed: int, *, formed: bool) -> Case:
    """Utterances whose predictions are damaged copies of their gold tags."""
    generator = random.Random(seed)
    made = []
    for _ in range(12):
        gold = tags(generator, formed=formed)
        found = [tag if generator.random() < 0.7 else generator.choice(all_tags()) for tag in gold]
        made.append(
            {
                "gold": gold,
                "found": found,
                "gold_intent": generator.choice(INTENTS),
                "found_intent": generator.choice(INTENTS),
            }
        )
    return made


def tags(generator: random.Random, *, formed: bool) -> list[str]:
    """The tags of one utterance, up to nine tokens."""
    found: list[str] = []
    for _ in range(generator.randint(1, 9)):
        before = found[-1] if found else "O"
        goes_on = before != "O" and generator.random() < 0.5
        choice = f"I-{before[2:]}" if goes_on else generator.choice(["O", *(f"B-{name}" for name in TYPES)])
        found.append(choice if formed else generator.choice(all_tags()))
    return found


def all_tags() -> list[str]:
    """Every tag there is."""
    return ["O", *(f"{prefix}-{name}" for name in TYPES for prefix in "BI")]


def written(case: Case, side: str, path: Path) -> Path:
    """One side of a case in xSID's columns."""
    lines: list[str] = []
    for utterance in case:
        intent = utterance[f"{side}_intent"]
        rows = [f"{n}\tx\t{intent}\t{tag}" for n, tag in enumerate(utterance[side], start=1)]
        lines += [f"# intent: {intent}", *rows, ""]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def scored(case: Case, script: Path) -> dict[str, float]:
    """The figures that the script prints."""
    with tempfile.TemporaryDirectory() as folder:
        files = [written(case, side, Path(folder) / side) for side in ("gold", "found")]
        ended = subprocess.run(
            [sys.executable, str(script), *map(str, files)], capture_output=True, text=True, check=True
        )
    printed = dict(line.split(":", 1) for line in ended.stdout.splitlines() if ":" in line)
    values = {name.strip(): value for name, value in printed.items()}
    return {name: float(values[name]) for name in FIELDS}


def main() -> None:
    """Write the fixture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--script", type=Path, required=True)
    script = parser.parse_args().script
    spoken = {"gold_intent": INTENTS[0], "found_intent": INTENTS[0]}
    cases = [[{"gold": gold, "found": found, **spoken}] for gold, found in BY_HAND] + [
        drawn(seed, formed=seed % 2 == 0) for seed in range(8)
    ]
    rows = [{"utterances": case, "script": scored(case, script)} for case in cases]
    facts = {"source": "github.com/mainlp/xsid 761d926, scripts/nluEval.py"}
    FIXTURE.write_text(json.dumps({"facts": facts, "cases": rows}, indent=None) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
