"""No language serves both to choose a method and to report it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lab.suites import SUITES, Suite

from xling.corpora.cards import load_card
from xling.errors import InputError
from xling.pipeline.loading import load_recipe


def test_a_suite_refuses_a_language_on_both_sides():
    with pytest.raises(InputError, match="chosen and reported on bam"):
        Suite(name="mine", recipe="_base/ner", chosen=("bam",), reported=("lug", "bam"))
    with pytest.raises(InputError, match="chosen and reported on bam"):
        Suite(name="mine", recipe="_base/ner", chosen=("bam",), reported=("lug",), apart=("bam",))


@pytest.mark.parametrize("recipe", sorted({suite.recipe for suite in SUITES.values()}))
def test_no_language_is_chosen_in_one_suite_and_reported_in_another_of_its_task(recipe):
    suites = [suite for suite in SUITES.values() if suite.recipe == recipe]
    chosen = {tag for suite in suites for tag in suite.languages("chosen")}
    assert chosen and not chosen & {tag for suite in suites for tag in suite.languages("reported")}


def test_the_split_follows_from_what_a_language_serves():
    suite = SUITES["topic-pairs"]
    assert {suite.split(tag) for tag in suite.chosen} == {"dev"}
    assert {suite.split(tag) for tag in (*suite.reported, "ary")} == {"test"}
    tested = replace(suite, tested=True)
    assert {tested.split(tag) for tag in suite.chosen} == {"test"} and tested.purpose("bam") == "chosen"
    with pytest.raises(InputError, match="swh is not in the suite topic-pairs"):
        suite.split("swh")


PAIRED = {
    *("topic-pairs", "ner-pairs", "pos-pairs", "ner-between"),
    *("topic-few", "ner-few", "topic-states", "topic-unread", "ner-states"),
}


@pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES)
def test_every_language_is_on_the_card_that_it_is_scored_by(suite):
    recipe = load_recipe(suite.recipe, ["targets=[bam]"])
    languages = {*suite.chosen, *suite.languages("reported")}
    assert languages <= set(load_card(recipe.task.test.card).languages)
    paired = languages & set(load_card(suite.pairs).languages) if suite.pairs else set()
    assert paired == (languages if suite.name in PAIRED else set())
