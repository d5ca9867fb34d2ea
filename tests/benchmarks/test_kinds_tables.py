"""The runs of recipes/kinds stand side by side, a table for each task."""

from __future__ import annotations

from kinds_tables import by_task, means


def row(recipe: str, language: str, condition: str, value: float, **more: object) -> dict:
    return {
        "recipe": recipe,
        "note": "short",
        "source": "eng",
        "metric": "las",
        "seed": 0,
        "language": language,
        "condition": condition,
        "value": value,
        "run_seconds": 60.0,
        **more,
    }


def test_the_control_stands_beside_every_kind():
    rows = [
        row("kinds-pos-bottleneck", "fao", "none", 40.0),
        row("kinds-pos-bottleneck", "fao", "target", 50.0),
        row("kinds-pos-lt-sft", "eng", "none", 90.0),
        row("kinds-pos-lt-sft", "fao", "none", 41.0, low=31.0, high=51.0),
        row("kinds-pos-lt-sft", "fao", "target", 52.0),
        row("kinds-pos-control", "mlt", "none", 33.0),
        row("quickstart", "fao", "none", 1.0),
    ]
    heading, shown = by_task(rows)
    assert heading.startswith("## Parts of speech")
    assert shown.splitlines()[0] == "| language | control | bottleneck | lt-sft alone | lt-sft |"
    assert shown.splitlines()[2:5] == [
        "| English (eng, source) | – | – | 90.0 | – |",
        "| Faroese (fao) | 40.0 | 50.0 | 41.0 (31.0–51.0) | 52.0 |",
        "| Maltese (mlt) | 33.0 | – | – | – |",
    ]
    assert "A run took: bottleneck 1 min; lt-sft 1 min; control 1 min." in shown


def test_the_means_are_of_the_targets_that_every_kind_has():
    rows = [
        row(f"kinds-{task}-{kind}", tag, condition, value)
        for task, kind, tag, condition, value in (
            ("pos", "bottleneck", "eng", "none", 90.0), ("pos", "bottleneck", "fao", "none", 40.0),
            ("pos", "bottleneck", "fao", "target", 50.0), ("pos", "bottleneck", "isl", "none", 60.0),
            ("pos", "bottleneck", "isl", "target", 80.0), ("pos", "control", "mlt", "none", 1.0),
            ("ner", "control", "fao", "none", 30.0), ("ner", "full", "fao", "none", 20.0),
            ("ner", "control", "eng", "none", 90.0), ("ner", "full", "eng", "none", 80.0),
            ("choice", "control", "fao", "none", 3.0), ("choice", "full", "isl", "none", 2.0),
        )
    ]  # fmt: skip
    (shown,) = means(rows)
    assert shown.splitlines()[0] == "| mean of the targets | targets | control | bottleneck | full alone |"
    assert shown.splitlines()[2:] == [
        "| Named entities (CoNLL 2003 to MasakhaNER 2) | fao | 30.0 | – | 20.0 |",
        "| Parts of speech (English EWT to MasakhaPOS) | fao, isl | 50.0 | 65.0 | – |",
        "| Multiple choice (XCOPA) |  | – | – | – |",
    ]
    assert list(means([row("quickstart", "fao", "none", 1.0)])) == []


def test_the_last_experiment_of_a_recipe_counts():
    name = "kinds-parsing-bottleneck"
    rows = [
        row(name, "fao", "target", 9.0),
        row(name, "fao", "none", 1.0, note="longer"),
        row(name, "fao", "none", 2.0, note="longer", all={"las": 2.0, "uas": 3.0}),
    ]
    _, shown = by_task(rows)
    assert "| Faroese (fao) | 2.0 / 3.0 |" in shown and "LAS / UAS" in shown


def test_seeds_are_shown_by_their_mean_and_deviation():
    rows = [row("kinds-ner-control", "fao", "none", 40.0), row("kinds-ner-lora", "fao", "none", 70.0)]
    for seed, value in enumerate((38.0, 40.0, 45.0)):
        bounds = {"seed": seed, "low": value - 2, "high": value + 3}
        rows.append(row("kinds-ner-bottleneck-seeds", "fao", "none", value, **bounds))
    _, shown = by_task(rows)
    assert "| Faroese (fao) | 41.0 ± 3.6 (36.0–48.0) | 70.0 |" in shown
    assert "LAS, seeds 0, 1, 2 where a deviation stands, else seed 0. A run took" in shown


def test_many_languages_with_the_control_alone_are_folded_away():
    tags = ("fao isl swh hau ibo yor zul xho sna kin lug bam fon twi mos pcm tsn amh tir som orm tam tel mar "
            "tat kaz tur ind tha vie jpn").split()  # fmt: skip
    rows = [row("kinds-topic-control", tag, "none", 50.0) for tag in tags]
    rows += [row("kinds-topic-lt-sft", "fao", "none", 60.0)]
    _, shown = by_task(rows)
    before, after = shown.split("<details><summary>The control in 30 more languages</summary>\n\n")
    assert "| Faroese (fao) | 50.0 | 60.0 |" in before and "Icelandic" not in before
    assert "| Icelandic (isl) | 50.0 |\n" in after
    assert "</details>\n\nLAS" in after
