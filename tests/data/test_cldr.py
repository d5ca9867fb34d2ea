"""The CLDR source: clean names, gold spans, and no test name in any training text of any language."""

from __future__ import annotations

from collections import defaultdict

import pytest

import xling
from xling.corpora.cards import load_card
from xling.corpora.source import checksum, load, pairs_in
from xling.data import cldr
from xling.data.cldr.catalogue import locale_of
from xling.data.cldr.harvest import parent_of
from xling.data.cldr.lists import join_text, join_tokens, list_patterns
from xling.data.cldr.splits import components_of, split_keys
from xling.data.tokenise import words
from xling.errors import InputError

pytest.importorskip("babel")

PROMISED = "eng fao kat zul tha amh swh mlt hau gla wol isl hye hin nqo cmn srp_Latn".split()


def test_the_promised_languages_and_many_more_are_served() -> None:
    served = cldr.languages()
    assert set(PROMISED) <= set(served) and len(served) > 200
    assert served == sorted(set(served))


def test_no_name_is_in_two_splits_in_any_language() -> None:
    where: dict[str, set[str]] = defaultdict(set)
    sizes = dict.fromkeys(cldr.SPLITS, 0)
    for language in cldr.languages():
        for split in cldr.SPLITS:
            own = cldr.names(language, split)
            sizes[split] += len(own)
            for value in own.values():
                where[value.casefold()].add(split)
    assert [value for value, splits in where.items() if len(splits) > 1] == []
    total = sum(sizes.values())
    assert 0.6 < sizes["train"] / total < 0.8 and 0.05 < sizes["dev"] / total < 0.15


def test_components_join_keys_and_strings_over_locales() -> None:
    names = {
        "a": {"T/1": "Uno", "T/2": "Dos"},
        "b": {"L/1": "uno", "T/3": "x"},
        "c": {"T/2": "dos", "T/4": "X"},
    }
    components = components_of(names)
    assert components["T/1"] == components["L/1"] and components["T/3"] == components["T/4"]
    assert len(set(components.values())) == 3
    splits = split_keys(names)
    assert splits["T/1"] == splits["L/1"] and splits == split_keys(dict(reversed(names.items())))


@pytest.mark.parametrize("language", PROMISED)
def test_sentences_hold_whole_names_of_their_split(language: str) -> None:
    names = defaultdict(set)
    for key, value in cldr.names(language, "test").items():
        names[key.partition("/")[0]].add(tuple(words(value)))
    rows = cldr.sentences(language, "test", count=200, seed=3)
    assert rows == cldr.sentences(language, "test", count=200, seed=3)
    assert rows != cldr.sentences(language, "test", count=200, seed=4)
    assert len({row.tokens for row in rows}) == len(rows) == 200
    for row in rows:
        assert row.language == language
        spans = spans_of(row.tokens, row.tags or ())
        assert 1 <= len(spans) <= 4
        assert all(tokens in names[kind] for kind, tokens in spans)


def spans_of(tokens: tuple[str, ...], tags: tuple[str, ...]) -> list[tuple[str, tuple[str, ...]]]:
    found: list[tuple[str, tuple[str, ...]]] = []
    for token, tag in zip(tokens, tags, strict=True):
        if tag.startswith("B-"):
            found.append((tag[2:], (token,)))
        elif tag.startswith("I-"):
            kind, before = found.pop()
            assert kind == tag[2:]
            found.append((kind, (*before, token)))
    return found


def test_names_are_the_languages_own_and_of_one_type() -> None:
    english = {key: value for split in cldr.SPLITS for key, value in cldr.names("eng", split).items()}
    assert "LANGUAGE/ar" not in english and "SCRIPT/Arab" not in english  # both are "Arabic"
    assert english["TERRITORY/SE"] == "Sweden" and english["DATE/05-07"] == "May 7"
    for language in PROMISED[1:]:
        own = {key: value for split in cldr.SPLITS for key, value in cldr.names(language, split).items()}
        assert len(own) >= 100
        assert not any(english.get(key, "").casefold() == value.casefold() for key, value in own.items())
        kinds = defaultdict(set)
        for key, value in own.items():
            kinds[value.casefold()].add(key.partition("/")[0])
        assert {len(kind) for kind in kinds.values()} == {1}


def test_dates_are_written_as_the_locale_does() -> None:
    def date(language: str) -> str | None:
        return next(
            (n["DATE/05-07"] for s in cldr.SPLITS if "DATE/05-07" in (n := cldr.names(language, s))), None
        )

    assert [date(tag) for tag in ("fao", "mlt", "zul", "amh", "jpn")] == [
        "7. mai", "7 ta’ Mejju", "Meyi 7", "7 ሜይ", "5月7日",
    ]  # fmt: skip
    assert date("nno") is None  # written as in Norwegian, which it inherits from


def test_text_is_pure_of_other_splits_and_counts() -> None:
    test = {value for value in cldr.names("swh", "test").values() if len(value) > 8}
    lines = cldr.text("swh", "train", count=50, seed=1)
    assert len(lines) == 50 and lines == cldr.text("swh", "train", count=50, seed=1)
    patterns = list_patterns("sw")
    separators = {patterns[name].replace("{0}", "").replace("{1}", "") for name in patterns}
    for line in lines:
        for separator in separators:
            line = line.replace(separator, "\n")
        assert not test & set(line.split("\n"))
    everything = cldr.text("swh", "dev")
    assert cldr.text("swh", "dev", count=10**6) == everything
    joined = "\n".join(everything)
    assert all(value in joined for value in cldr.names("swh", "dev").values())


def test_lists_are_joined_as_in_cldr() -> None:
    english, thai, one = list_patterns("en"), list_patterns("th"), [("A", "x y")]
    assert join_text(["a", "b", "c", "d"], english) == "a, b, c, and d"
    assert join_text(["a", "b"], english) == "a and b" and join_text(["a"], english) == "a"
    assert join_tokens([*one, ("B", "z")], english) == [
        ("x", "B-A"),
        ("y", "I-A"),
        ("and", "O"),
        ("z", "B-B"),
    ]
    assert join_tokens([("A", "ก"), ("B", "ข")], thai) == [("ก", "B-A"), ("และ", "O"), ("ข", "B-B")]


def test_a_language_without_names_is_an_error_with_near_ones() -> None:
    with pytest.raises(InputError, match="cldr: CLDR has too few names in mos; choose from"):
        cldr.sentences("mos", "test")
    with pytest.raises(InputError, match="no split 'tset'; choose from train, dev, test"):
        cldr.names("swh", "tset")


def test_babel_is_left_as_it_was() -> None:
    """babel's own switch for uninherited data spoils its cache; the harvest must not use it."""
    from babel import Locale

    cldr.languages()
    assert Locale.parse("sw").list_patterns["standard"]["start"] == "{0}, {1}"
    assert Locale.parse("nb").territories["SE"] == "Sverige"


@pytest.mark.parametrize(
    ("locale", "parent"),
    [
        ("sw", "root"),
        ("nb", "no"),
        ("zh_Hant", "root"),
        ("zh_Hans", "zh"),
        ("sr_Latn", "root"),
        ("hi_Latn", "en_IN"),
    ],
)
def test_what_a_locale_falls_back_on(locale: str, parent: str) -> None:
    assert parent_of(locale) == parent


def test_a_damaged_cache_is_made_again(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    from xling.data.cldr import catalogue

    before = catalogue.names("fao", "dev")
    monkeypatch.setenv("XLING_CACHE", str(tmp_path))
    import babel

    from xling.files import cache_dir

    path = cache_dir("cldr", f"names-{catalogue._LAYOUT}-babel-{babel.__version__}.json")
    path.parent.mkdir(parents=True)
    path.write_text('{"names": ')
    monkeypatch.setattr(catalogue, "harvest", lambda: {"fo": {"TERRITORY/SE": "Svøríki"}})
    catalogue._all.cache_clear()
    try:
        assert catalogue._all()[0] == {"fo": {"TERRITORY/SE": "Svøríki"}}
        assert "Svøríki" in path.read_text("utf-8")
    finally:
        catalogue._all.cache_clear()
    assert before and locale_of("fao") == "fo"


@pytest.mark.parametrize("language", ["swh", "fao", "tha", "amh"])
def test_translated_names_are_those_of_training_alone(language):
    rows = cldr.translations(language, "train")
    assert len(rows) > 300 and len({row.id for row in rows}) == len(rows)
    train, english = cldr.names(language, "train"), cldr.names("eng", "train")
    assert all((row.text, row.pair) == (train[row.id], english[row.id]) for row in rows)
    seen = {text.casefold() for row in rows for text in (row.text, row.pair)}
    for split in ("dev", "test"):
        for tag in (language, "eng"):
            held = cldr.names(tag, split)
            assert not held.keys() & {row.id for row in rows}
            assert not {name.casefold() for name in held.values()} & seen


def test_only_the_training_names_are_on_the_card_of_words():
    card = load_card("cldr_words")
    rows = load(card, "swh", "train")
    assert rows == cldr.translations("swh", "train") and pairs_in(rows)[0][1]
    assert len(checksum(card, "swh", "train")) == 64
    for split in ("dev", "test"):
        with pytest.raises(InputError, match=f"{split}.*train"):
            load(card, "swh", split)


@pytest.mark.parametrize("language", ["swh", "isl", "amh", "tha"])
def test_translated_lists_hold_training_names_and_their_translations(language):
    rows = pairs_in(load(load_card("cldr_lists"), language, "train"))
    assert 900 < len(rows) <= 1000 and len(set(rows)) == len(rows)
    translated = cldr.translations(language, "train")
    names = {" ".join(words(row.text)): " ".join(words(row.pair)) for row in translated}
    several = [(own, other) for own, other in rows if own not in names]
    assert len(several) > 500
    for own, other in several:
        assert names[max((name for name in names if name in own), key=len)] in other
    assert any(" and " in other for _, other in several)
    assert rows == pairs_in(cldr.translated_lists(language, "train"))


def test_a_lexicon_of_names_knows_months_and_units_not_the_names_of_test():
    pairs = pairs_in(cldr.translations("swh", "train"))
    made = xling.make_lexicon(pairs, language="swh").networks[0]
    assert made.rewritten(["Machi", "Dola"], "swh") == ["March", "Dollar"]
    whole = [name for name in cldr.names("swh", "test").values() if made.knows(name, marks=True)]
    assert len(whole) < 0.05 * len(cldr.names("swh", "test"))
