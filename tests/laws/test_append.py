"""The laws of `append`: a text stays, its gloss stands behind it, and what is said is of the user's words."""

from __future__ import annotations

import pytest
from laws.test_lexicon import EVERY, GLOSSES, OWN, WORDS, items, lexicon, near, on
from support.making import disturbed, task_module

import xling
from xling.composition.grammar import parse
from xling.errors import PlanError
from xling.tasks.registry import task_named

PLAN = "append(lang/swh) >> task/x"


def behind(text: str) -> str:
    """The text with its gloss behind it."""
    (part,) = lexicon().networks
    return f"{text} {part.gloss(text)}"


@EVERY
@pytest.mark.parametrize("words", [{}, {word: word for word in (*GLOSSES, *WORDS)}], ids=["empty", "itself"])
def test_a_lexicon_that_says_nothing_new_appends_nothing(base, task, words):
    texts = [*OWN, " maji  na\tmoto\n　leo "]
    plain = on(base, task, "task/x").predict(items(task, texts), language="swh")
    assert on(base, task, PLAN, swh=lexicon(words)).predict(items(task, texts), language="swh") == plain


@pytest.mark.parametrize("task", ["classification", "multi-label"])
def test_a_text_is_read_with_its_gloss_behind_it(base, task):
    (model, plain) = (on(base, task, plan, swh=lexicon()) for plan in (PLAN, "task/x"))
    said = model.predict(OWN, language="swh")
    wanted = plain.predict([behind(text) for text in OWN], language="swh")
    assert [row["text"] for row in said] == OWN
    for row, own in zip(said, wanted, strict=True):
        assert near({**row, "text": ""}, {**own, "text": ""})


def test_a_tag_is_of_the_users_word_and_the_last_one_bears_the_gloss(base):
    (model, plain) = (on(base, "pos", plan, swh=lexicon()) for plan in (PLAN, "task/x"))
    said = model.predict([text.split() for text in OWN], language="swh")
    read = [[*text.split()[:-1], f"{text.split()[-1]}{behind(text).removeprefix(text)}"] for text in OWN]
    assert [row["tags"] for row in said] == [row["tags"] for row in plain.predict(read, language="swh")]
    assert [row["tokens"] for row in said] == [text.split() for text in OWN]


@EVERY
def test_rows_of_a_mixed_batch_are_read_as_each_alone(bert, task):
    plan = "append(route(swh: lang/swh, *: none)) >> task/x"
    work, languages = task_named(task), ["swh", "yor", "hau", "swh", "yor"]
    given = list(zip(items(task, [*OWN, OWN[0]]), languages, strict=False))
    examples = [work.example(item, str(number), tag) for number, (item, tag) in enumerate(given)]
    mixed = on(bert, task, plan, swh=lexicon()).predict(examples)
    for example, row in zip(examples, mixed, strict=True):
        alone = on(bert, task, PLAN if example.language == "swh" else "task/x", swh=lexicon())
        assert near(row, alone.predict([example])[0])


def test_it_prints_and_parses_and_stands_in_votes(bert):
    plan = "vote(task/x, append(lang/a >> lang/b) >> task/x)"
    assert str(parse(plan)) == plan
    (said, unread) = (on(bert, "classification", own, a=lexicon(), b=lexicon()) for own in (plan, "task/x"))
    assert said.predict(OWN, language="swh") != unread.predict(OWN, language="swh")


@pytest.mark.parametrize("inner", ["lang/eng", "lang/swh >> lang/eng", "task/x"])
def test_only_what_rewrites_can_be_appended(bert, inner):
    eng = disturbed(bert, "bottleneck", std=0.3, seed=5)
    with pytest.raises(PlanError, match=r"append puts what a lexicon makes of a text behind it.*is none"):
        on(bert, "classification", f"append({inner}) >> task/x", swh=lexicon(), eng=eng)


def test_it_stands_leftmost_and_not_over_answers(bert):
    eng = disturbed(bert, "bottleneck", std=0.3, seed=5)
    with pytest.raises(PlanError, match="rewrites the text, and stands above.*write it leftmost"):
        on(bert, "classification", f"lang/eng >> {PLAN}", swh=lexicon(), eng=eng)
    found = {"task/x": task_module(bert, "question-answering", 1, ("start", "end")), "lang/swh": lexicon()}
    model = xling.compose(bert, PLAN, modules=found)
    with pytest.raises(PlanError, match="rewrites the text, in which an answer is a span"):
        model.predict([{"context": "maji na moto", "question": "so"}], language="swh")
