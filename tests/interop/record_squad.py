"""Records what the evaluation script of SQuAD 1.1 says of made-up answers.

The script is not on the registry. `evaluate-v1.1.py` of https://rajpurkar.github.io/SQuAD-explorer/, which
many repositories carry (such as https://github.com/seominjoon/denspi, 51915f6), is given by its path:

    PYTHONPATH=tests python tests/interop/record_squad.py --script FOLDER/evaluate-v1.1.py

The fixture `fixtures/squad_scorer.json` holds for each case the right answers of its questions, the answer
found, and the script's figures in percent. Answers are damaged by a seed. Any SQuAD file can be given
instead, to see the figures of its damaged answers and xling's side by side: `--gold FILE`.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xling.data.examples import Question
from xling.tasks.question_answering import QuestionAnswering
from xling.tasks.reading import read_labelled

FIXTURE = Path(__file__).parent / "fixtures" / "squad_scorer.json"
TEXTS = (
    "In 1887 the Order of a Star was founded in Chisinau, not in Iasi; its seat was an inn: the Old Mill.",
    "Orașul a fost întemeiat în anul 1408 de un voievod, lângă râul Prut, și a avut două mori și o moară.",
    "Das Haus steht seit dem 3. Mai 1901 an der Straße der Müller; ein Brand (1944) zerstörte das Dach.",
    "该城始建于1408年,位于普鲁特河畔。",
)
# white space, signs that are no ASCII, an article alone, one that is part of a word, no answer at all
BY_HAND: tuple[tuple[tuple[str, ...], str], ...] = (
    (("the Old Mill",), "Old  Mill."),
    (("„moară”",), "moară"),
    (("The",), "a"),
    (("theatre",), "the atre"),
    (("river Prut", "Prut"), "the Prut"),
    (("Iasi",), ""),
    (("co-operate",), "cooperate"),
    (("Iasi Iasi Prut",), "Iasi Prut Prut"),
    (("I\u0307asi", "\u0130asi"), "\u0130ASI"),
    (("-", "Prut"), "--"),
)
Case = list[dict[str, Any]]


def damaged(answer: str, context: str, draw: random.Random) -> str:
    """An answer as a model could give it: right, longer, shorter, in other signs, or another span."""
    words = context.split()
    place = draw.randrange(len(words))
    other = " ".join(words[place : place + draw.randint(1, 4)])
    own = answer.split()
    choices = (
        answer,
        f"the {answer.upper()}.",
        f"{answer}, {other}",
        " ".join(own[: draw.randint(1, len(own))]),
        " ".join(own[draw.randrange(len(own)) :]),
        other,
        "",
    )
    return draw.choice(choices)


def drawn(seed: int) -> Case:
    """Questions on the texts above, most of them with several right answers."""
    draw = random.Random(seed)
    made = []
    for _ in range(15):
        text = draw.choice(TEXTS)
        words = text.split()
        starts = [draw.randrange(len(words)) for _ in range(draw.randint(1, 3))]
        gold = [" ".join(words[start : start + draw.randint(1, 5)]) for start in starts]
        made.append({"gold": gold, "found": damaged(draw.choice(gold), text, draw)})
    return made


def official(script: Path, case: Case) -> dict[str, float]:
    """F1 and exact match that the script prints, in percent."""
    asked = [
        {
            "id": str(number),
            "question": "?",
            "answers": [{"answer_start": 0, "text": own} for own in row["gold"]],
        }
        for number, row in enumerate(case)
    ]
    data = {"version": "1.1", "data": [{"title": "", "paragraphs": [{"context": "", "qas": asked}]}]}
    found = {str(number): row["found"] for number, row in enumerate(case)}
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / name for name in ("data.json", "found.json")]
        for file, value in zip(files, (data, found), strict=True):
            file.write_text(json.dumps(value), encoding="utf-8")
        ended = subprocess.run(
            [sys.executable, str(script), *map(str, files)], capture_output=True, text=True, check=True
        )
    return json.loads(ended.stdout)


def ours(case: Case) -> dict[str, float]:
    """The same figures by xling."""
    examples = [
        Question("", "?", tuple((0, own) for own in row["gold"]), str(number), "und")
        for number, row in enumerate(case)
    ]
    return QuestionAnswering().score(examples, [{"answer": row["found"]} for row in case])


def of_file(questions: Sequence[Question], seed: int) -> Case:
    """The right answers of a file, and damaged ones."""
    draw = random.Random(seed)
    pairs = [([text for _, text in one.answers or ()], one.context) for one in questions]
    return [{"gold": gold, "found": damaged(draw.choice(gold), context, draw)} for gold, context in pairs]


def main() -> None:
    """Record the fixture, or print the figures of another file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--script", type=Path, required=True)
    parser.add_argument("--gold", type=Path)
    chosen = parser.parse_args()
    if chosen.gold is not None:
        case = of_file(read_labelled(chosen.gold, task="question-answering", language="und"), 5)
        print(json.dumps({"official": official(chosen.script, case), "xling": ours(case)}, indent=1))
        return
    by_hand = [{"gold": list(gold), "found": found} for gold, found in BY_HAND]
    cases = [*([row] for row in by_hand), *map(drawn, range(8))]
    rows = [{"questions": case, "script": official(chosen.script, case)} for case in cases]
    facts = {"source": "rajpurkar.github.io/SQuAD-explorer, evaluate-v1.1.py"}
    text = json.dumps({"facts": facts, "cases": rows}, ensure_ascii=False)
    FIXTURE.write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
