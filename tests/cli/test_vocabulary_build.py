"""`xling vocabulary build`, then training and predicting with what it made."""

from __future__ import annotations

import json

import pytest
from support.foreign_text import SPELLED
from support.tiny import TEXTS
from support.writing import conll

NEW = ("--method", "replace", "--size", "30")


def written(folder, lines, name="text.txt"):
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def build(shell, base, text, out, *more, language="nqo"):
    words = ("--base", base.id, "--language", language, "--text", text, "--out", out, "--quiet")
    return shell("vocabulary", "build", *words, *(more or NEW))


def test_from_text_to_predictions(shell, bert, tmp_path):
    text, out = written(tmp_path, SPELLED), tmp_path / "modules/lang/nqo-pieces"
    made = build(shell, bert, text, out, *NEW, "--init", "overlap", "--json")
    assert made.status == 0, made.err
    said = json.loads(made.out)
    assert said["new_pieces"] >= 20 and said["characters_per_piece_after"] > 1
    assert sum(row["tokens"] for row in said["served"]) == pytest.approx(1) or said["served"]
    pairs = written(tmp_path, ["nqo\teng", *map("\t".join, zip(SPELLED, TEXTS, strict=True))], "pairs.tsv")
    shared = ("--base", bert.id, "--language", "nqo", "--quiet", "--set", "steps=3")
    learned, aligned = tmp_path / "modules/lang/mlm", tmp_path / "modules/lang/nqo"
    ended = shell("train", "language", *shared, "--kind", "bottleneck", "--text", text, "--vocabulary", out,
                  "--out", learned)  # fmt: skip
    assert ended.status == 0, ended.err
    ended = shell("train", "language", *shared, "--parallel", pairs, "--init", learned, "--out", aligned)
    assert ended.status == 0, ended.err
    task = tmp_path / "modules/task/ner"
    ended = shell("train", "task", "--task", "tagging", "--source-language", "swh", "--quiet",
                  "--base", bert.id, "--train", conll(tmp_path), "--out", task,
                  "--set", "steps=2")  # fmt: skip
    assert ended.status == 0, ended.err
    source, found = written(tmp_path, SPELLED[:5], "input.txt"), tmp_path / "found.jsonl"
    ended = shell("predict", "--base", bert.id, "--plan", "route(nqo: lang/nqo, *: none) >> task/ner",
                  "--store", tmp_path / "modules", "--input", source, "--output", found,
                  "--language", "nqo")  # fmt: skip
    assert ended.status == 0, ended.err
    rows = [json.loads(line) for line in found.read_text(encoding="utf-8").splitlines()]
    assert [len(row["tags"]) for row in rows] == [len(line.split()) for line in SPELLED[:5]]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["", " "], ("text.txt", "empty")),
        ([SPELLED[0]] * 50, ("--text", "1 different lines of 50", "more text")),
        (["12 34 , ." + " 5" * number for number in range(30)], ("--text", "no letter")),
        ([*SPELLED[:20], *TEXTS[:60]], ("--text", "letters are Nkoo", "Latn", "--mixed")),
    ],
)
def test_text_that_nothing_can_be_learned_from(shell, bert, tmp_path, lines, words):
    build(shell, bert, written(tmp_path, lines), tmp_path / "out").refused(*words)
    assert not (tmp_path / "out").exists()


def test_bytes_that_are_not_utf8(shell, bert, tmp_path):
    path = tmp_path / "text.txt"
    path.write_bytes(b"amina\nna \xff juma\n")
    build(shell, bert, path, tmp_path / "out").refused("text.txt:2", "0xff", "UTF-8")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--size", "50000"), ("--size", "cannot support 50000 pieces", "at most")),
        (("--size", "8"), ("--size", "8 pieces do not cover the letters", "at least")),
        (("--method", "change"), ("--method", "'change'", "extend", "replace", "trim")),
        (("--size", "30", "--init", "magic"), ("--init", "magic", "overlap")),
        (("--size", "30", "--init", "bilingual"), ("bilingual", "--dictionary")),
    ],
)
def test_options_that_cannot_be(shell, bert, tmp_path, more, words):
    build(shell, bert, written(tmp_path, SPELLED), tmp_path / "out", *more).refused(*words)


def test_a_mixed_text_by_choice(shell, bert, tmp_path):
    text = written(tmp_path, [*SPELLED[:20], *TEXTS[:60]])
    assert (
        build(shell, bert, text, tmp_path / "out", "--mixed", "--size", "50", "--init", "moments").status == 0
    )


def test_a_folder_that_is_there(shell, bert, tmp_path):
    build(shell, bert, written(tmp_path, SPELLED), tmp_path).refused("is there already", "--out")


def test_a_vocabulary_of_another_base(shell, bases, tmp_path):
    text = written(tmp_path, SPELLED)
    assert build(shell, bases["bert"], text, tmp_path / "v", *NEW, "--init", "moments").status == 0
    ended = shell("train", "language", "--base", bases["roberta"].id, "--language", "nqo", "--text", text,
                  "--vocabulary", tmp_path / "v", "--out", tmp_path / "out", "--quiet")  # fmt: skip
    ended.refused("was made for base", "open the base it names")


def test_text_and_parallel_text_at_once_or_neither(shell, bert, tmp_path):
    shared = (
        "train",
        "language",
        "--base",
        bert.id,
        "--language",
        "nqo",
        "--out",
        tmp_path / "out",
        "--quiet",
    )
    shell(*shared).refused("--text", "--parallel", "--init")
    text = written(tmp_path, SPELLED)
    shell(*shared, "--text", text, "--parallel", text).refused("--text", "--parallel")


def test_text_is_aligned_with_its_gloss(shell, bert, tmp_path):
    text, words, pairs = (
        written(tmp_path, lines, name)
        for name, lines in {
            "text.txt": TEXTS[:20],
            "words.tsv": [f"{word}\t{word[::-1]}" for word in TEXTS[0].split()],
            "pairs.tsv": ["swh\teng", *(f"{line}\t{line}" for line in TEXTS[:4])],
        }.items()
    )
    shared = ("train", "language", "--language", "swh", "--quiet")
    lexicon, out = tmp_path / "modules/words/swh", tmp_path / "modules/lang/swh"
    assert shell(*shared, "--kind", "lexicon", "--lexicon", words, "--out", lexicon).status == 0
    trained = (*shared, "--base", bert.id, "--out", out, "--kind", "bottleneck", "--set", "steps=1")
    made = shell(
        *trained, "--text", text, "--gloss", lexicon, "--set", "geometry=2", "--set", "words=1", "--json"
    )
    assert made.status == 0, made.err
    said = json.loads(made.out)
    assert 0 < said["train_pairs"] + said["held_out_pairs"] <= 20
    both = shell(*trained, "--text", text, "--gloss", lexicon, "--parallel", pairs, "--fresh", "--json")
    assert json.loads(both.out)["train_pairs"] > said["train_pairs"]
    shell(*trained, "--gloss", lexicon).refused("--gloss: there is nothing to gloss", "--text")
    other = out.rename(out.parent / "other")
    shell(*trained, "--text", text, "--gloss", other).refused("--gloss", "a bottleneck module is no lexicon")
    ended = shell(*trained, "--text", text, "--gloss", lexicon, "--head-text", text)
    ended.refused("--head-text", "no pieces are predicted")
    for option in (("--gloss", lexicon), ("--parallel", pairs)):
        ended = shell(*shared, "--base", bert.id, "--out", out, "--kind", "centre", "--text", text, *option)
        ended.refused(option[0] if option[0] == "--gloss" else "--text")
    ended = shell(*shared, "--kind", "lexicon", "--lexicon", words, "--gloss", lexicon, "--out", lexicon)
    ended.refused("--gloss", "has no use for it")
