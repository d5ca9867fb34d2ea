"""Language tags: every tag that data sets use, and what people write, comes to one form."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xling.errors import InputError
from xling.languages import cldr_locale, likely_script, name, parse, script

# file and folder names of MasakhaNER, MasakhaPOS, AfriSenti, SIB-200, xSID, UD, UDHR, NLLB-Seed, ...
TAGS = (Path(__file__).parent / "data" / "tags.txt").read_text("utf-8").split()


@pytest.mark.parametrize("tag", TAGS)
def test_every_tag_of_the_data_sets_has_one_form(tag: str) -> None:
    canonical = parse(tag)
    assert parse(canonical) == canonical
    language, _, own = canonical.partition("_")
    assert len(language) == 3 and own != likely_script(language)
    assert not name(tag).startswith("Unknown")
    assert len(script(tag)) == 4


@pytest.mark.parametrize("tag", [tag for tag in TAGS if "_" in tag])
def test_the_script_of_a_flores_tag_is_kept(tag: str) -> None:
    assert script(tag) == tag.partition("_")[2]


def test_the_list_of_tags_is_whole_and_tells_languages_apart() -> None:
    assert len(TAGS) == 215
    flores = [tag for tag in TAGS if "_" in tag]
    assert len({parse(tag) for tag in flores}) == len(flores)


@pytest.mark.parametrize(
    ("tag", "canonical"),
    [
        ("swa", "swh"), ("sw", "swh"), ("swh_Latn", "swh"), ("SWH-latn", "swh"), (" sw ", "swh"),
        ("orm", "gaz"), ("zho", "cmn"), ("zh", "cmn"), ("zho_Hans", "cmn"), ("zho_Hant", "cmn_Hant"),
        ("chi", "cmn"), ("ger", "deu"), ("ara", "arb"), ("acm_Arab", "acm"), ("kmr_Latn", "kmr"),
        ("taq_Tfng", "taq_Tfng"), ("taq_Latn", "taq"), ("srp_Latn", "srp_Latn"), ("sr", "srp"),
        ("sh", "srp_Latn"), ("sh_Cyrl", "srp"), ("iw", "heb"), ("nqo", "nqo"), ("nqo_Nkoo", "nqo"),
        ("de-st", "bar"), ("de-ba", "bar"), ("de_ST", "bar"), ("kr", "kin"), ("ma", "ary"), ("no", "nob"),
        ("kor_Hang", "kor"), ("kor_Kore", "kor"), ("aka_Latn", "aka"), ("twi_Latn", "twi"), ("tl", "tgl"),
    ],
)  # fmt: skip
def test_what_people_write(tag: str, canonical: str) -> None:
    assert parse(tag) == canonical


@pytest.mark.parametrize(
    ("tag", "words"),
    [
        ("xyz", "no language has the tag 'xyz'; choose from"),
        ("swahili", "choose from swh"),
        ("Kinyarwanda", "choose from kin"),
        ("de-DE", "choose from deu"),
        ("", "no language has the tag ''"),
        ("und", "no language has the tag 'und'"),
        ("sw_Latm", "'Latm' in 'sw_Latm' is not the code of a script; choose from Latn"),
        ("a\0b", "no language has the tag"),
    ],
)
def test_an_unknown_tag_is_named_with_near_ones_and_an_example(tag: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(tag)
    assert words in str(caught.value)
    assert "for example" in str(caught.value) and "\n" not in str(caught.value)


@given(st.text(max_size=12) | st.from_regex(r"[a-z]{2,3}([_-][A-Za-z]{4})?", fullmatch=True))
def test_any_text_is_a_tag_or_an_input_error(tag: str) -> None:
    try:
        canonical = parse(tag)
    except InputError:
        return
    assert parse(canonical) == canonical
    assert name(canonical)


@pytest.mark.parametrize(
    ("tag", "locale"),
    [
        ("swh", "sw"), ("eng", "en"), ("nob", "nb"), ("arb", "ar"), ("cmn", "zh"), ("cmn_Hant", "zh_Hant"),
        ("srp_Latn", "sr_Latn"), ("heb", "he"), ("ind", "id"), ("twi", "ak"), ("tgl", "fil"), ("kmr", "ku"),
        ("mos", None), ("acm", None), ("taq_Tfng", None), ("srp_Arab", None),
    ],
)  # fmt: skip
def test_the_locale_that_serves_a_language(tag: str, locale: str | None) -> None:
    assert cldr_locale(tag) == locale


def test_names_are_english() -> None:
    assert [name(tag) for tag in ("swa", "srp_Latn", "arb", "nob", "tgl")] == [
        "Swahili", "Serbian (Latin)", "Standard Arabic", "Norwegian Bokmål", "Tagalog",
    ]  # fmt: skip


def test_reading_tags_and_data_does_not_load_torch() -> None:
    code = (
        "import sys, xling.languages, xling.corpora.source, xling.tasks.reading, xling.data.collation;"
        "print([name for name in ('torch', 'transformers', 'datasets', 'babel') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
