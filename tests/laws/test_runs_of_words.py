"""The laws of `route(auto: ...; words)`: each run of words of one language goes its own way."""

from __future__ import annotations

from itertools import product

import pytest
import torch
from laws.test_auto import BACKWARDS, FAMILIES, PLAN, logs, near, on, shelf
from support.foreign_text import SPELLED
from support.making import task_module
from support.tiny import TEXTS

import xling
from xling.composition.grammar import parse
from xling.errors import InputError, PlanError
from xling.modules import profile
from xling.modules.profile import Profile, Profiles

RUNS = PLAN.replace("none)", "none; words)")
HERE, THERE, STRANGE = TEXTS[70], BACKWARDS[71], " ".join(SPELLED[3].split()[:4])
TELLS = Profiles((("swh", Profile.of(TEXTS)), ("hau", Profile.of(BACKWARDS))))


def alone(base, row: str, language: str | None) -> torch.Tensor:
    return logs(on(base, f"lang/{language} >> task/ner" if language else "task/ner"), [row])[0]


@FAMILIES
def test_a_row_of_one_language_goes_as_by_auto(bases, family):
    rows = [*TEXTS[60:64], *BACKWARDS[80:84], STRANGE, "x", "1 2 ."]
    assert near(logs(on(bases[family], RUNS), rows), logs(on(bases[family], PLAN), rows))


@FAMILIES
def test_each_run_is_a_row_of_its_own(bases, family):
    base = bases[family]
    rows = [f"{HERE} {THERE}", HERE, f"{THERE} {HERE} {THERE}", f"{HERE} {STRANGE}"]
    parts = [
        torch.cat([alone(base, HERE, "swh"), alone(base, THERE, "hau")]),
        alone(base, HERE, "swh"),
        torch.cat([alone(base, THERE, "hau"), alone(base, HERE, "swh"), alone(base, THERE, "hau")]),
    ]
    found = logs(on(base, RUNS), rows)
    assert near(found[:3], parts)
    assert [len(own) for own in found] == [len(row.split()) for row in rows]
    assert not near(found[:1], logs(on(base, PLAN), rows[:1]))
    assert near(found, [logs(on(base, RUNS), [row])[0] for row in rows])  # in a batch as alone


def test_predictions_are_of_whole_rows_and_keep_what_they_state(bert):
    model, row = on(bert, RUNS), f"{HERE} {THERE}"
    (found,) = model.predict([row.split()], language="yor")
    assert found["tokens"] == row.split() and found["language"] == "yor"
    best = logs(model, [row])[0].argmax(-1)
    assert len(found["tags"]) == len(best)
    gold = xling.TaggedSentence(tuple(row.split()), ("O",) * len(best), "0", "und")
    assert model.predict([gold])[0]["tags"] == found["tags"]
    assert model.predict([[]])[0]["tags"] == []


def test_it_stands_in_votes(bert):
    more = {"task/ner2": task_module(bert, "tagging", 9, ("B-X", "I-X", "O"))}
    lower = RUNS.removesuffix(" >> task/ner")
    row = f"{HERE} {THERE}"
    found = logs(on(bert, f"vote({RUNS}, {lower} >> task/ner2; 3.0, 1.0)", **more), [row])
    one, two = logs(on(bert, RUNS), [row]), logs(on(bert, f"{lower} >> task/ner2", **more), [row])
    assert near(found, [(0.75 * a.exp() + 0.25 * b.exp()).log() for a, b in zip(one, two, strict=True)])


def test_runs_are_those_of_the_languages():
    for words, starts in (
        (HERE.split(), [0]),
        ((*HERE.split(), *THERE.split()), [0, len(HERE.split())]),
        ((*HERE.split(), "2024", ",", *THERE.split()), None),
        (("1", "2"), [0]),
        (("x",), [0]),
        ((), [0]),
    ):
        found = TELLS.runs(words)
        assert [own.stop for own in found] == [*(own.start for own in found[1:]), len(words)]
        assert found[0].start == 0
        if starts is not None:
            assert [own.start for own in found] == starts
        else:  # what has no letters stays with what stands before it
            assert [own.start for own in found] == [0, len(HERE.split()) + 2]


def test_runs_are_the_likeliest_ones(monkeypatch):
    """Against all ways to cut a short sentence."""
    monkeypatch.setattr(profile, "_CHANGE", 2.0)
    words = (*HERE.split()[:4], *THERE.split()[:3], HERE.split()[-1])
    says = [[profile._said(word, own) for _, own in TELLS.known] for word in words]

    def worth(path):
        changes = sum(one != two for one, two in zip(path, path[1:], strict=False))
        return sum(own[tag] for own, tag in zip(says, path, strict=True)) - 2.0 * changes

    best = max(product(range(2), repeat=len(words)), key=worth)
    cuts = [at for at in range(1, len(words)) if best[at] != best[at - 1]]
    assert [own.start for own in TELLS.runs(words)] == [0, *cuts] and cuts


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (
            RUNS.replace("ner", "topic"),
            "told apart where each word has a label.*tagging, pos",
        ),
        (f"vote({RUNS}, {PLAN})", "do not go by one thing"),
        (RUNS.replace("words", "word"), "no way to find languages is called 'word'.*profile, lingua, words"),
    ],
)
def test_what_it_is_not_for_is_refused(bert, plan, said):
    with pytest.raises((PlanError, InputError), match=said) as refused:
        on(bert, plan)
    assert "\n" not in str(refused.value)


def test_a_run_that_no_branch_is_for_is_named(bert):
    model = on(bert, RUNS.replace(", *: none", ""))
    with pytest.raises(InputError, match=r"the text of example 0 is in none of the languages .*add \*: none"):
        model.predict([f"{HERE} {STRANGE} {STRANGE}".split()])


def test_a_module_without_a_profile_is_named(bert):
    own = {"lang/hau": shelf(bert)["lang/hau"].with_facts(profile="")}
    with pytest.raises(PlanError, match="lang/hau has no profile"):
        on(bert, RUNS, **own)


def test_it_prints_and_reads():
    assert str(parse(RUNS)) == RUNS and parse(str(parse(RUNS))) == parse(RUNS) != parse(PLAN)
    every = "route(auto: lang/*, *: none; words) >> task/ner"
    assert str(parse(every)) == every
