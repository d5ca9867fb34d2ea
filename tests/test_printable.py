"""What strangers write cannot act on a terminal, nor fill it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from xling.errors import InputError
from xling.printable import cut, printable

TEXTS = st.text(st.characters(exclude_categories=()))  # lone surrogates among them


@given(text=TEXTS)
def test_every_character_can_be_shown_and_encoded(text):
    shown = printable(text)
    assert shown.replace("\u200c", "").replace("\u200d", "").isprintable()
    shown.encode("utf-8")
    assert shown == text or not text.isprintable()


def test_what_is_escaped_and_what_is_not():
    assert printable("a\x1b]0;title\x07\u202e\ud800") == "a\\x1b]0;title\\x07\\u202e\\ud800"
    assert printable("می\u200cخواهم Ωsé 日本") == "می\u200cخواهم Ωsé 日本"


@given(text=TEXTS, longest=st.integers(5, 60))
def test_a_long_text_keeps_its_ends(text, longest):
    short = cut(text, longest)
    assert len(short) <= longest and (short == text) == (len(text) <= longest)
    if short != text:
        first, last = short.split(" ... ")[0], short.split(" ... ")[-1]
        assert text.startswith(first) and text.endswith(last)


@given(parts=st.lists(TEXTS | st.text(min_size=400), min_size=4, max_size=4))
def test_a_message_is_one_printable_line_of_a_length_that_fits(parts):
    where, problem, choice, hint = parts
    told = str(InputError(problem, where=where, line=3, choices=[choice], hint=hint))
    assert len(told) <= 1200
    assert "\n" not in told and printable(told) == told


def test_the_longest_message_has_1200_characters():
    told = str(InputError("p" * 9999, where="w" * 9999, choices=["c" * 9999], hint="h" * 9999))
    assert len(told) == 1200
