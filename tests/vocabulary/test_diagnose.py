"""What is said of a base and a text: losses, verdicts, the command line and the page."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.page_text import read_page
from support.tiny import TEXTS
from tokenizers import Tokenizer, models, normalizers
from transformers import PreTrainedTokenizerFast

from xling.vocabulary.diagnosis.advice import judge, percent
from xling.vocabulary.diagnosis.diagnosis import diagnose, in_words
from xling.vocabulary.diagnosis.losses import Loss, Losses, losses
from xling.vocabulary.diagnosis.measures import Coverage, Figures, figures

ZWNJ, ZWJ = "\u200c", "\u200d"
NKO = "ߒ ߞߊ߲ ߞߏ ߒ ߓߊ߯ ߖߊߓߌ"


def lost(normalizer, *lines: str) -> Losses:
    inner = Tokenizer(models.Unigram([("<unk>", 0.0)], unk_id=0))
    if normalizer is not None:
        inner.normalizer = normalizer
    return losses(PreTrainedTokenizerFast(tokenizer_object=inner), lines)


@pytest.mark.parametrize(
    ("normalizer", "text", "harmful"),
    [
        (normalizers.Replace(ZWNJ, " "), f"می{ZWNJ}روم نمی{ZWNJ}روم", [Loss(ZWNJ, " ", 2)]),
        (normalizers.Replace(ZWJ, ""), f"ක්{ZWJ}ර", [Loss(ZWJ, "", 1)]),
        (normalizers.BertNormalizer(lowercase=True), "ñandú", [Loss("ñ", "n", 1), Loss("ú", "u", 1)]),
        (normalizers.BertNormalizer(lowercase=True), "हिन्दी", [Loss("\u094d", "", 1)]),
        (normalizers.BertNormalizer(lowercase=True), "ẹ\u0301", [Loss("\u0301", "", 1), Loss("ẹ", "e", 1)]),
        (normalizers.Replace("ŋ", "n"), "ŋana", [Loss("ŋ", "n", 1)]),
        (normalizers.Replace("ŋ", ""), "ŋaŋa", [Loss("ŋ", "", 2)]),
        (normalizers.NFKC(), "kʷa wa", [Loss("ʷ", "w", 1)]),
    ],
    ids=["persian", "sinhala", "accents", "virama", "two marks", "merging", "vanishing", "raised"],
)
def test_what_harms(normalizer, text, harmful):
    assert list(lost(normalizer, text).harmful) == harmful


@pytest.mark.parametrize(
    ("normalizer", "text", "harmless"),
    [
        (normalizers.Replace(ZWNJ, ""), f"Auf{ZWNJ}lage", [Loss(ZWNJ, "", 1)]),
        (normalizers.Replace(ZWJ, ""), f"👩{ZWJ}👧", [Loss(ZWJ, "", 1)]),
        (normalizers.NFKC(), "ﺏ ﻼ", [Loss("ﺏ", "ب", 1), Loss("ﻼ", "لا", 1)]),
        (normalizers.NFKC(), "Ａ ﬁ A f i １", [Loss("Ａ", "A", 1), Loss("ﬁ", "fi", 1)]),
        (normalizers.NFKC(), "kʷa", [Loss("ʷ", "w", 1)]),
        (normalizers.NFKC(), "1ª a", [Loss("ª", "a", 1)]),
        (normalizers.Replace("ŋ", "n"), "ŋa", [Loss("ŋ", "n", 1)]),
        (normalizers.Replace("\ufe0f", ""), "a\ufe0f", [Loss("\ufe0f", "", 1)]),
    ],
    ids=[
        "latin joiner",
        "emoji",
        "arabic forms",
        "ligature and width",
        "raised",
        "ordinal",
        "replacing",
        "selector",
    ],
)
def test_what_does_not_harm(normalizer, text, harmless):
    assert lost(normalizer, text) == Losses((), tuple(sorted(harmless, key=lambda loss: loss.character)))


@given(st.lists(st.text(st.sampled_from("aÁạ\u0301\u0323ñकि़क़각ᄀ ᅡßς"), max_size=12)))
@pytest.mark.parametrize("normalizer", [normalizers.NFC(), normalizers.NFD(), normalizers.Lowercase(), None])
def test_equivalent_spellings_and_case_are_no_loss(normalizer, lines):
    assert lost(normalizer, *lines) == Losses((), ())


def test_a_loss_in_words():
    assert in_words(Loss(ZWNJ, " ", 312)) == "turns U+200C ZERO WIDTH NON-JOINER into a space 312 times"
    assert in_words(Loss("\u0301", "", 1)) == "drops U+0301 COMBINING ACUTE ACCENT once"


def served(**changes) -> Figures:
    """A Latin text that a base serves well, but for the changes."""
    well = Figures(
        lines=100, words=1000, characters=6000, pieces=1500, distinct=700, fertility=1.5, continued_words=0.3,
        unknown_pieces=0.0, unknown_characters=0.0, characters_per_piece=4.0, average_rank=100.0,
        whole_lines=1.0, blocks=(Coverage("Basic Latin", 5000, 0),), scripts=(Coverage("Latn", 5000, 0),),
        unread=(), split=((1, 700), (2, 300)), costliest=(), counts=(),
    )  # fmt: skip
    return replace(well, **changes)


def covered(*groups: tuple[str, str, int, int]) -> dict[str, tuple[Coverage, ...]]:
    blocks = tuple(Coverage(block, letters, lost) for block, _, letters, lost in groups)
    scripts = tuple(Coverage(script, letters, lost) for _, script, letters, lost in groups if script)
    return {"blocks": blocks, "scripts": scripts}


LATIN = ("Basic Latin", "Latn", 900, 0)
HOLED = ("Basic Latin", "Latn", 900, 20)
MARKS = ("Combining Diacritical Marks", "", 100, 90)
HAN = covered(("CJK Unified Ideographs", "Hani", 900, 0))
SPLIT = {"fertility": 2.6, "continued_words": 0.7, "characters_per_piece": 3.0}
TINY = {"fertility": 2.2, "continued_words": 0.6, "characters_per_piece": 2.2}
CUT = {"fertility": 2.1, "continued_words": 0.6, "whole_lines": 0.9}


@pytest.mark.parametrize(
    ("changes", "word", "reason"),
    [
        ({}, "fine", "the main script is read, at 1.50 pieces per word"),
        (
            covered(("NKo", "Nkoo", 90, 80), LATIN[:2] + (10, 0)),
            "replace",
            "88.9% of the letters of the main",
        ),
        (
            covered(HOLED, ("Ethiopic", "Ethi", 10, 0)),
            "extend",
            "2.2% of the letters of the main script, Latin",
        ),
        (covered(LATIN[:3] + (9,)), "fine", "1.50"),
        (covered(LATIN, MARKS), "extend", "9.0% of the letters of the main script, Latin"),
        (
            covered(LATIN, ("Adlam", "Adlm", 100, 60)),
            "extend",
            "6.0% of the letters cannot be read, most in Adlam",
        ),
        (covered(LATIN, ("Adlam", "Adlm", 50, 40)), "fine", "1.50"),
        (SPLIT, "extend", "words fall apart: 2.60 pieces per word, 70.0% of the words in several"),
        (SPLIT | {"characters_per_piece": 3.5}, "fine", "2.60"),
        (TINY, "extend", "pieces are tiny: 2.20 characters per piece, 60.0% of the words in several"),
        (TINY | covered(("Ethiopic", "Ethi", 900, 0)), "fine", "2.20 pieces per word"),
        (SPLIT | {"continued_words": 0.4}, "fine", "2.60"),
        (CUT, "extend", "10.0% of the lines are cut off, at 2.10 pieces per word"),
        (CUT | {"fertility": 1.9}, "fine", "1.90"),
        (covered(("Thai", "Thai", 900, 0)) | SPLIT, "fine", "3.00 characters per piece"),
        (covered(("Khmer", "Khmr", 900, 0)) | {"characters_per_piece": 1.2}, "extend", "1.20 characters"),
        (HAN | {"characters_per_piece": 1.2}, "fine", "1.20"),
    ],
)
def test_verdicts(changes, word, reason):
    verdict = judge(served(**changes))
    assert verdict.word == word and reason in verdict.reason


def test_shares_in_words():
    shares = (0, 0.0001, 0.05, 0.99949, 0.9999, 1)
    assert [percent(share) for share in shares] == ["0%", "<0.1%", "5.0%", "99.9%", ">99.9%", "100%"]


def test_the_text_compared_with_decides_between():
    found = served(fertility=2.4, continued_words=0.6, characters_per_piece=3.0)
    assert judge(found).word == judge(found, served(fertility=1.4)).word == "fine"
    verdict = judge(found, served(fertility=1.3))
    assert verdict.word == "extend" and "2.40 pieces per word, 1.30 in the text compared" in verdict.reason
    assert judge(found, served(fertility=1.1, **HAN)).word == "fine"


def test_every_family_is_diagnosed(base):
    found = diagnose(base, [NKO], against=TEXTS, language="nqo")
    assert found.verdict.word == "replace" and found.warnings == ()
    assert found.figures == figures(base.tokenizer, [NKO], base.max_length)
    assert 0.5 < found.divergence <= 1 and found.other.fertility == 1.0


def test_warnings(bert):
    (warning,) = diagnose(bert, ["amina juma"], language="nqo").warnings
    assert warning == "the text is mostly in Latin, but N’Ko is expected in Nko"
    (warning,) = diagnose(bert, ["kʷ wa"]).warnings
    assert "takes letters or joiners" in warning
    assert "turns U+02B7 MODIFIER LETTER SMALL W into U+0077 once" in warning
    (warning,) = diagnose(bert, [f"می{ZWNJ}روم"], language="pes").warnings
    assert warning == "words fall apart at U+200C ZERO WIDTH NON-JOINER, which cannot be read, once"
    assert diagnose(bert, ["日本の山 ヤマ"], language="jpn").warnings == ()
    (warning,) = diagnose(replace(bert, mlm_head=None), ["amina juma"]).warnings
    assert "no MLM head of its own" in warning and "take a base with a head" in warning


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_text_that_the_base_reads(shell, bert, text_file):
    ended = shell("vocabulary", "diagnose", "--base", bert.id, "--text", text_file)
    assert ended.status == 0, ended.err
    assert "pieces per word" in ended.out and "1.00" in ended.out
    assert f"{bert.id}: fine (the main script is read, at 1.00 pieces per word)" in ended.out
    assert "nothing to build" in ended.out


def test_one_object_of_json_for_several_bases(shell, bases, text_file, tmp_path):
    path = write(tmp_path, "nko text.txt", f"{NKO}\n")
    names = [bases["bert"].id, bases["roberta"].id]
    ended = shell("vocabulary", "diagnose", "--base", names[0], "--base", names[1], "--text", path,
                  "--language", "nqo", "--against", text_file, "--json")  # fmt: skip
    found = json.loads(ended.out)
    assert [row["base"] for row in found["bases"]] == names and found["language"] == "nqo"
    for row in found["bases"]:
        assert row["verdict"] == "replace" and "cannot be read" in row["reason"]
        assert f"--base {row['base']} --language nqo --text '{path}' --method replace" in row["next"]
        assert row["unreadable"] == 1.0 and row["words"] == 6 and row["lines"] == 1
        assert row["blocks"] == [{"name": "NKo", "letters": 14, "unreadable": 14}]
        assert row["unread"]["ߓ"] == 2 and len(row["unread"]) == 9
        assert row["against"]["fertility"] == 1.0 and 0.5 < row["against"]["divergence"] <= 1


def test_the_page_stands_alone_and_keeps_scripts_apart(shell, bases, text_file, tmp_path):
    path = write(tmp_path, "text.txt", f"{NKO}\n<script>alert(1)</script> kʷ amina wa\n")
    page = tmp_path / "deep" / "page.html"
    ended = shell("vocabulary", "diagnose", "--base", bases["bert"].id, "--base", bases["modernbert"].id,
                  "--text", path, "--against", text_file, "--page", page)  # fmt: skip
    assert ended.status == 0 and str(page) in ended.out, ended.err
    parser = read_page(page)
    text = parser.text
    assert parser.loads == []
    assert "script" not in parser.tags and "link" not in parser.tags and "alert(1)" in text
    assert parser.tags.count("section") == 2 and parser.tags.count("svg") == 6
    assert "Unreadable letters by Unicode block" in text and "NKo 100%" in text
    assert "divergence from the other text" in text and "xling vocabulary build" in text
    assert "Warning: the tokenizer's normaliser takes letters" in text
    outside = "".join(parser.words).replace("".join(parser.apart), "")
    assert "ߞߊ߲" in parser.apart and sum(part in parser.apart for part in parser.words if "ߞ" in part)
    assert all(part in parser.apart for part in parser.words if any("\u07c0" <= c <= "\u07ff" for c in part))
    assert outside


def test_bad_text(shell, bert, text_file, tmp_path):
    def refused(*words: object):
        return shell("vocabulary", "diagnose", "--base", bert.id, *words).refused

    refused("--text", tmp_path / "txt.txt")("txt.txt", "no such file", "text.txt")
    refused("--text", write(tmp_path, "void.txt", "\n \n"))("void.txt", "the file is empty")
    refused("--text", write(tmp_path, "signs.txt", "1 2 3\n!\n"))("signs.txt", "no letter")
    refused("--text", text_file, "--against", tmp_path / "signs.txt")("signs.txt", "no letter")
    (tmp_path / "latin.txt").write_bytes("juma\nschön\n".encode("latin-1"))
    refused("--text", text_file, "--text", tmp_path / "latin.txt")("latin.txt:2", "not UTF-8")
    refused("--text", text_file, "--language", "swahilli")("'swahilli'", "swh")
    shell("vocabulary", "diagnose", "--base", "./nowhere", "--text", text_file).refused("--base", "nowhere")
    shell("vocabulary", "diagnose", "--text", text_file).refused("--base")


def test_help_imports_nothing_heavy():
    probe = (
        "import sys, typer\nfrom xling.cli.running import run_app\nfrom xling.cli.vocabulary import app\n"
        "root = typer.Typer(); root.add_typer(app, name='vocabulary')\n"
        "sys.argv = ['xling', 'vocabulary', 'diagnose', '--help']\nstatus = run_app(root)\n"
        "heavy = {'torch', 'transformers', 'numpy', 'jinja2', 'fontTools'} & set(sys.modules)\n"
        "sys.exit(f'{status} {sorted(heavy)}' if status or heavy else 0)\n"
    )
    ended = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert "--against" in ended.stdout and "--page" in ended.stdout
