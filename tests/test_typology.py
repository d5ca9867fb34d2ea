"""Facts of languages: a well-formed table, distances by hand, and what a linguist would choose."""

from __future__ import annotations

import csv
import math
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from xling import typology
from xling.corpora.cards import list_cards, load_card
from xling.errors import InputError
from xling.languages import parse
from xling.typology import FEATURES, UNKNOWN, describe, distance, facts, related

HERE = Path(__file__).parent
LINES = resources.files("xling").joinpath("typology.tsv").read_text("utf-8").splitlines()
ROWS = list(csv.DictReader(LINES, delimiter="\t"))
MACROAREAS = {"Africa", "Eurasia", "Papunesia", "North America", "South America", "Australia", UNKNOWN}
NO_FACTS = ("rmy", "abk", "lzh")
TAGS = st.sampled_from([*typology.languages(), "srp_Latn", "taq_Tfng", "cmn_Hant", *NO_FACTS])


def test_the_table_is_whole() -> None:
    columns = ["language", "family", "macroarea", *FEATURES, "latitude", "longitude"]
    assert LINES[0].split("\t") == columns
    assert all(len(line.split("\t")) == len(columns) for line in LINES)
    tags = [row["language"] for row in ROWS]
    assert len(tags) == len(set(tags)) >= 110 and tags == sorted(tags)
    assert tuple(tags) == typology.languages()
    for row in ROWS:
        assert parse(row["language"]) == row["language"] and "_" not in row["language"]
        assert row["macroarea"] in MACROAREAS
        assert all(row[key] in (*choices, UNKNOWN) for key, choices in FEATURES.items()), row
        place = (row["latitude"], row["longitude"])
        assert place == (UNKNOWN, UNKNOWN) or (abs(int(place[0])) <= 90 and abs(int(place[1])) <= 180)


def test_a_name_of_a_family_has_one_parent_and_is_no_language() -> None:
    parents: dict[str, tuple[str, ...]] = {}
    for row in ROWS:
        path = row["family"].split(">")
        assert 2 <= len(path) <= 4 and all(name and name == name.strip() for name in path)
        for depth, name in enumerate(path):
            above = tuple(path[:depth])
            assert parents.setdefault(name, above) == above, (row["language"], name)


def test_every_language_of_the_data_the_cards_and_the_recipes_has_a_row() -> None:
    tags = set((HERE / "data" / "tags.txt").read_text("utf-8").split())
    for card in map(load_card, list_cards()):
        tags |= set(card.languages)
    for path in (HERE.parent / "recipes").rglob("*.yaml"):
        recipe = yaml.safe_load(path.read_text("utf-8"))
        family = (recipe.get("language_modules") or {}).get("family") or {}
        tags |= {*recipe.get("targets", ()), *family.get("languages", ()), recipe.get("source", "eng")}
    assert len(tags) > 200
    assert not {tag for tag in tags if not typology.has_facts(tag)}


def test_scripts_share_the_row_of_their_language() -> None:
    assert facts("srp_Latn") is facts("srp") and facts("sw") is facts("swh_Latn")
    assert typology.family("xho") == ("Niger-Congo", "Atlantic-Congo", "Bantu", "Nguni")
    assert typology.features("jpn")["order"] == "SOV"
    assert "tone" not in typology.features("pcm")
    assert facts("epo").place is None and facts("epo").macroarea == ""


def test_a_language_without_a_row_is_answered_with_near_tags() -> None:
    with pytest.raises(InputError, match=r"facts of languages: .* \(abk\); choose from .*; name a language"):
        typology.family("abk")
    with pytest.raises(InputError, match="no language has the tag 'xxyz'"):
        typology.has_facts("xxyz")


def test_a_distance_by_hand() -> None:
    # grammar, family and script are alike, so the mean of four is a quarter of the geography
    zulu = distance("zul", "xho")
    angle = _angle((-28, 31), (-32, 28))
    assert zulu.components == {
        "grammar": 0, "family": 0, "geography": pytest.approx(angle / 180), "script": 0,
    }  # fmt: skip
    assert zulu.total == pytest.approx(angle / 180 / 4)
    # Hausa and Amharic: three of seven features, one name of three, another script
    found = distance("hau", "amh")
    assert found.differing == ("order", "cases", "tone")
    assert found.components["grammar"] == pytest.approx(3 / 7)
    assert found.components["family"] == pytest.approx(2 / 3)
    assert found.components["script"] == 1


def test_unknown_features_and_places_are_left_out() -> None:
    found = distance("pcm", "yor")  # the tone of Nigerian Pidgin is unknown
    assert found.differing == ("adjective",) and found.components["grammar"] == pytest.approx(1 / 6)
    assert set(distance("epo", "eng").components) == {"grammar", "family", "script"}


def test_an_unknown_language_is_compared_by_script_alone() -> None:
    assert distance("rmy", "eng").components == {"script": 0}
    assert distance("abk", "eng").total == 1
    assert describe("rmy", "eng") == "no facts of rmy at hand, the same script"


@given(TAGS, TAGS)
def test_distances_are_alike_both_ways_and_between_0_and_1(first: str, second: str) -> None:
    there, back = distance(first, second), distance(second, first)
    assert there.total == pytest.approx(back.total) and there.differing == back.differing
    assert set(there.components) <= set(typology.COMPONENTS)
    assert all(0 <= value <= 1 for value in (there.total, *there.components.values()))


@given(TAGS)
def test_every_language_is_at_no_distance_from_itself(tag: str) -> None:
    assert distance(tag, tag).total == 0


@given(TAGS, TAGS, TAGS)
def test_places_obey_the_triangle(first: str, second: str, third: str) -> None:
    pairs = ((first, second), (second, third), (first, third))
    sides = [distance(*pair).components.get("geography") for pair in pairs]
    one, other, across = (0.0 if side is None else side for side in sides)
    assert None in sides or across <= one + other + 1e-9


@pytest.mark.parametrize(
    ("target", "candidates", "chosen"),
    [
        ("xho", "eng zul sna swh", "zul"), ("hau", "amh swh yor", "amh"), ("swh", "eng arb lug ibo", "lug"),
        ("swh", "zul hau eng", "zul"), ("twi", "eng fon ewe aka", "aka"), ("fon", "twi ewe yor", "ewe"),
        ("nqo", "arb eng bam mos", "bam"), ("ltg", "lit lvs rus", "lvs"), ("fao", "eng dan isl", "isl"),
        ("nno", "isl nob deu", "nob"), ("bar", "nld deu eng", "deu"), ("kpv", "rus fin udm", "udm"),
        ("olo", "fin hun rus", "fin"), ("tat", "tur bak rus", "bak"), ("azj", "kaz tur rus", "tur"),
        ("bho", "hin mag ben", "mag"), ("san", "tam hin eng", "hin"), ("kin", "lug swh run", "run"),
        ("mlt", "ita arb aeb eng", "aeb"), ("szl", "deu ces pol", "pol"), ("hrv", "bul rus bos", "bos"),
        ("pcm", "ibo eng hau", "eng"), ("war", "ind tgl smo", "tgl"), ("dzo", "cmn bod hin", "bod"),
        ("quy", "spa quz ayr", "quz"), ("lij", "eng spa ita", "ita"), ("taq", "zgh arb hau", "zgh"),
        ("srp_Latn", "hrv bos srp", "srp"), ("gaz", "som amh eng", "som"), ("mos", "twi kbp bam", "kbp"),
    ],
)  # fmt: skip
def test_what_a_linguist_would_choose(target: str, candidates: str, chosen: str) -> None:
    assert related(target, candidates.split()).language == chosen


def test_the_reason_names_what_is_shared() -> None:
    assert related("xho", ["eng", "zul", "swh"]).reason == "shares Niger-Congo>…>Nguni, the same script"
    assert related("hau", ["amh", "swh"]).reason == "shares Afro-Asiatic, another script (Ethi)"
    assert related("yor", ["eng", "bam"]).reason == "shares Niger-Congo, the same script"
    assert related("nob", ["hau", "jpn"]).reason == "no family in common, the same script"
    assert related("srp", ["srp_Latn", "bul"]).reason == "the same language, another script (Latn)"
    tie = related("swh", ["zul", "lug", "eng"])
    apart = distance("swh", "lug").total
    assert tie.reason == (
        "shares Niger-Congo>…>Bantu, the same script, "
        f"typologically nearest of zul, lug (distance {apart:.2f})"
    )


def test_without_facts_of_the_target_the_script_decides() -> None:
    assert related("abk", ["eng", "kaz"]).language == "kaz"
    assert related("abk", ["eng", "kaz"]).reason == "no facts of abk at hand, the same script"
    # a candidate that nothing is known of must not win by being near in nothing but its script
    assert related("zul", ["rmy", "eng"]).language == "eng"


def test_there_must_be_another_language_to_choose_from() -> None:
    assert related("zul", ["zu", "eng"]).language == "eng"
    with pytest.raises(InputError, match="no language to choose from for zul"):
        related("zul", ["zul"])


def test_facts_do_not_load_torch() -> None:
    code = "import sys, xling.typology as t; t.distance('zul', 'xho'); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def _angle(first: tuple[int, int], second: tuple[int, int]) -> float:
    """Degrees between two places, by their vectors."""
    vectors = []
    for north, east in (first, second):
        up, around = math.radians(north), math.radians(east)
        vectors.append((math.cos(up) * math.cos(around), math.cos(up) * math.sin(around), math.sin(up)))
    return math.degrees(math.acos(sum(one * other for one, other in zip(*vectors, strict=True))))
