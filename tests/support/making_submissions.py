"""Generated test files of shared tasks with predictions for them, and both in a folder."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from xling.jobs.submit import submit

Rows = list[dict[str, Any]]
SENTIMENTS = ("positive", "neutral", "negative")
RELATIONS = ("entailment", "neutral", "contradiction")
INTENTS = ("weather/find", "alarm/set_alarm", "PlayMusic")


@dataclass(frozen=True)
class Case:
    """A test file, predictions for it, and what the submission file must be called."""

    task: str
    test_name: str
    test: str
    rows: Rows
    name: str

    def at(self, folder: Path) -> tuple[Path, Path]:
        """(predictions, test file), written."""
        test, predictions = folder / self.test_name, folder / "predictions.jsonl"
        test.write_bytes(self.test.encode("utf-8"))
        predictions.write_text("".join(json.dumps(row) + "\n" for row in self.rows), encoding="utf-8")
        return predictions, test

    def submitted(self, folder: Path) -> bytes:
        """The bytes of the one file in the zip."""
        predictions, test = self.at(folder)
        out = folder / "submission.zip"
        submit(self.task, [predictions], [test], out=out)
        with zipfile.ZipFile(out) as archive:
            assert archive.namelist() == [self.name]
            return archive.read(self.name)

    def with_rows(self, rows: Rows) -> Case:
        """The same test file with other predictions."""
        return replace(self, rows=rows)


def table(header: list[str], rows: list[list[str]]) -> str:
    """A TSV with the quotes of CSV."""
    text = io.StringIO()
    csv.writer(text, delimiter="\t", lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


def tags(length: int, types: list[str]) -> st.SearchStrategy[list[str]]:
    """Well-formed BIO."""
    spans = st.lists(st.tuples(st.sampled_from([None, *types]), st.integers(1, 3)), min_size=length)
    return spans.map(lambda drawn: [tag for kind, size in drawn for tag in _span(kind, size)][:length])


def _span(kind: str | None, size: int) -> list[str]:
    return ["O"] * size if kind is None else [f"B-{kind}", *[f"I-{kind}"] * (size - 1)]


TEXTS = st.text(st.sampled_from("aé'\" ,#\tß語"), min_size=1, max_size=8)
TOKENS = st.lists(st.text(st.sampled_from("aé'\"#.-語ߊ"), min_size=1, max_size=4), min_size=1, max_size=6)


@st.composite
def afrisenti(draw: st.DrawFn, *, gold: bool | None = None) -> Case:
    """Hausa tweets; predictions in another order."""
    texts = draw(st.lists(TEXTS, min_size=2, max_size=6))
    ids = [f"ha_test_{number:05d}" for number in draw(st.permutations(range(len(texts))))]
    labels = draw(st.lists(st.sampled_from(SENTIMENTS), min_size=len(ids), max_size=len(ids)))
    own = draw(st.booleans()) if gold is None else gold
    rows = [
        [identity, text, *([draw(st.sampled_from(SENTIMENTS))] * own)]
        for identity, text in zip(ids, texts, strict=True)
    ]
    header = ["ID", "tweet", *(["label"] * own)]
    found = [
        {"id": i, "language": "hau", "text": "x", "label": label}
        for i, label in zip(ids, labels, strict=True)
    ]
    name = draw(st.sampled_from(["ha_test_participants.tsv", "test.tsv"]))
    return Case("afrisenti", name, table(header, rows), draw(st.permutations(found)), "pred_ha.tsv")


@st.composite
def americasnli(draw: st.DrawFn, *, gold: bool | None = None, ids: bool | None = None) -> Case:
    """Pairs in Ayacucho Quechua, with ids and predictions in another order, or with neither."""
    pairs = draw(st.lists(st.tuples(TEXTS, TEXTS), min_size=2, max_size=6, unique=True))
    own = draw(st.booleans()) if gold is None else gold
    numbered = draw(st.booleans()) if ids is None else ids
    header = [*(["id"] * numbered), "language", "premise", "hypothesis", *(["label"] * own)]
    lines, found = [], []
    for number, (premise, hypothesis) in enumerate(pairs):
        label = draw(st.sampled_from(RELATIONS))
        lines.append([*([f"{number + 100}"] * numbered), "quy", premise, hypothesis, *([label] * own)])
        row = {"id": str(number + 100 * numbered), "language": "und", "premise": premise}
        found.append({**row, "hypothesis": hypothesis, "label": draw(st.sampled_from(RELATIONS))})
    ordered = draw(st.permutations(found)) if numbered else found
    return Case("americasnli", "test.tsv", table(header, lines), ordered, "quy.tsv")


@st.composite
def masakhaner(draw: st.DrawFn, *, gold: bool | None = None) -> Case:
    """Sentences in Swahili."""
    own = draw(st.booleans()) if gold is None else gold
    types = ["PER", "ORG", "LOC", "DATE"]
    text, found = "", []
    for number, tokens in enumerate(draw(st.lists(TOKENS, min_size=2, max_size=4))):
        right = draw(tags(len(tokens), types))
        lines = [f"{token} {tag if own else 'O'}\n" for token, tag in zip(tokens, right, strict=True)]
        text += "".join([*lines, "\n"])
        row = {"id": str(number), "language": "swh", "tokens": tokens}
        found.append({**row, "tags": draw(tags(len(tokens), types))})
    return Case("masakhaner", "test.txt", text, found, "swa.txt")


@st.composite
def xsid(draw: st.DrawFn, *, gold: bool | None = None, ids: bool | None = None) -> Case:
    """Utterances with comments as any of the versions writes them."""
    own = draw(st.booleans()) if gold is None else gold
    numbered = draw(st.booleans()) if ids is None else ids
    sign = draw(st.sampled_from([" =", ":"]))
    types = ["datetime", "weather/attribute", "reference-part"]
    text, found = "", []
    for number, tokens in enumerate(draw(st.lists(TOKENS, min_size=2, max_size=4)), start=1):
        right, intent = draw(tags(len(tokens), types)), draw(st.sampled_from(INTENTS))
        told = f" {intent}" if own else ""
        comments = [f"# text{sign} {' '.join(tokens)}\t", f"# intent{sign}{told}", "# dialect =  V"]
        comments = [f"# id{sign} {number}/B"] * numbered + comments
        labels = [f"\t{intent}\t{tag}" if own else "" for tag in right]
        pairs = enumerate(zip(tokens, labels, strict=True), start=1)
        rows = [f"{place}\t{token}{label}" for place, (token, label) in pairs]
        text += "\n".join([*comments, *rows]) + "\n\n"
        row = {"id": f"{number}/B" if numbered else str(number - 1), "language": "und", "tokens": tokens}
        predicted = {"tags": draw(tags(len(tokens), types)), "intent": draw(st.sampled_from(INTENTS))}
        found.append({**row, **predicted})
    ordered = draw(st.permutations(found)) if numbered else found
    task = draw(st.sampled_from(["sid4lr", "norsid"]))
    return Case(
        task,
        "de-st.test.conll",
        text.removesuffix("\n" * draw(st.integers(0, 1))),
        ordered,
        "de-st.test.conll",
    )


CASES = {"afrisenti": afrisenti, "americasnli": americasnli, "masakhaner": masakhaner, "xsid": xsid}
