"""xling data rank: a table with reasons, everything as JSON, and bad input in one line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.tiny import TEXTS

XHOSA = "abantu bonke bazalwa bekhululekile\nbelingana ngesidima nangokweemfanelo\n"
ZULU = "bonke abantu bazalwa bekhululekile\nbelingana ngesithunzi nangamalungelo\n"
ENGLISH = "all human beings are born free\nand equal in dignity and rights\n"
CARD = """title: Mine
task: text
format: text
source: my desk
citation: nobody
licence: {id: CC0-1.0}
languages: {xho: xho, zul: zul, eng: eng}
splits: [train]
layout: "mine/{upstream}/{split}.txt"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three texts, and the same below a data root with their card."""
    (tmp_path / "mine.yaml").write_text(CARD, encoding="utf-8")
    for tag, text in {"xho": XHOSA, "zul": ZULU, "eng": ENGLISH}.items():
        (tmp_path / f"{tag}.txt").write_text(text, encoding="utf-8")
        (tmp_path / "mine" / tag).mkdir(parents=True)
        (tmp_path / "mine" / tag / "train.txt").write_text(text, encoding="utf-8")
    return tmp_path


def ranked(shell, folder, *words, candidates=("eng", "zul")):
    given = [word for tag in candidates for word in ("--candidate", f"{tag}={folder / f'{tag}.txt'}")]
    own = ("--target-text", folder / "xho.txt", "--threads", 1)
    return shell("data", "rank", "--target", "xho", *own, *given, *words)


def test_a_table_and_what_it_rests_on(shell, folder):
    ended = ranked(shell, folder)
    assert ended.status == 0, ended.err
    lines = ended.out.splitlines()
    assert lines[0].split("  ")[0] == "candidate" and "shared words" in lines[0] and "typology" in lines[0]
    assert lines[1].split()[:3] == ["zul", "1", "1.00"]
    assert (
        "1. zul (Zulu): first by shared words, trigrams and typology; shares Niger-Congo>…>Nguni" in ended.out
    )
    assert "2. eng (English): last by" in ended.out and "differs in adjective" in ended.out
    assert "by the facts of languages alone: zul (shares" in ended.out
    assert "disagree" not in ended.out


def test_json_tells_everything(shell, folder):
    found = json.loads(ranked(shell, folder, "--json").out)
    assert [one["name"] for one in found["candidates"]] == ["zul", "eng"]
    first = found["candidates"][0]
    assert set(first) == {
        "name", "language", "place", "mean_rank", "values", "ranks", "distance", "reason",
    }  # fmt: skip
    assert set(first["distance"]["components"]) == {"grammar", "family", "geography", "script"}
    assert [one["key"] for one in found["components"]] == ["words", "trigrams", "typology"]
    assert found["related"]["language"] == "zul" and found["disagreements"] == []
    assert found["target"] == "xho" and found["split"] is None and found["seed"] == 0


def test_disagreement_is_said(shell, folder):
    (folder / "zul.txt").write_text(ENGLISH, encoding="utf-8")
    (folder / "eng.txt").write_text(ZULU, encoding="utf-8")
    out = ranked(shell, folder).out
    assert "shared words and typology disagree (Kendall's tau -1.00): shared words put eng first" in out


def test_languages_of_a_card(shell, folder):
    words = ("--card", folder / "mine.yaml", "--data-root", folder, "--json")
    ended = shell("data", "rank", "--target", "xh", "--candidate", "en", "--candidate", "zu", *words)
    assert ended.status == 0, ended.err
    found = json.loads(ended.out)
    assert [one["name"] for one in found["candidates"]] == ["zul", "eng"] and found["split"] == "train"
    assert found["characters"] == sum(map(len, ENGLISH.splitlines()))


def test_data_sets_of_one_language_keep_their_files_as_names(shell, folder):
    (folder / "table.tsv").write_text("text\tlabel\n" + ENGLISH.replace("\n", "\tx\n"), encoding="utf-8")
    (folder / "more.conll").write_text("bonke O\nabantu B-PER\n\nbazalwa O\n", encoding="utf-8")
    files = [folder / "table.tsv", folder / "more.conll"]
    given = [word for path in files for word in ("--candidate", f"eng={path}")]
    ended = shell("data", "rank", "--target", "xho", "--target-text", folder / "xho.txt", *given, "--json")
    assert ended.status == 0, ended.err
    found = json.loads(ended.out)
    assert [one["name"] for one in found["candidates"]] == [f"eng={path}" for path in reversed(files)]
    assert found["candidates"][1]["values"]["words"] == 0


def test_a_base_adds_its_pieces_and_sentences(shell, folder, bert):
    for tag in ("xho", "zul"):
        (folder / f"{tag}.txt").write_text("\n".join(TEXTS), encoding="utf-8")
    ended = ranked(shell, folder, "--base", bert.id, "--json")
    assert ended.status == 0, ended.err
    found = json.loads(ended.out)
    assert found["candidates"][0]["name"] == "zul" and found["base"] == bert.id
    assert set(found["candidates"][0]["values"]) == {
        "words", "trigrams", "pieces", "centroid", "nearest", "typology",
    }  # fmt: skip
    assert "mean of sentences" in ranked(shell, folder, "--base", bert.id).out


def test_bad_input(shell, folder):
    ranked(shell, folder, candidates=("eng",)).refused("--candidate", "1 to choose from", "two")
    ranked(shell, folder, candidates=("eng", "eng")).refused("given twice")
    ranked(shell, folder, "--candidate", "hau").refused("--candidate", "'hau'", "hau=FILE", "--card")
    ranked(shell, folder, "--candidate", "hau=").refused("--candidate", "'hau='", "names no file")
    ranked(shell, folder, "--candidate", "hausaa=x.txt").refused("'hausaa'", "hau")
    ranked(shell, folder, "--candidate", f"hau={folder / 'zull.txt'}").refused("zull.txt", "zul.txt")
    ranked(shell, folder, "--base", "./nowhere").refused("--base", "./nowhere")
    ranked(shell, folder, "--card", "sib20").refused("no data card", "sib200")
    (folder / "hau.txt").write_text("1 2 3\n", encoding="utf-8")
    ranked(shell, folder, candidates=("eng", "hau")).refused("hau", "no letter")
    shell("data", "rank", "--target", "xho").refused("--candidate")
    shell("data", "rank", "--candidate", "eng", "--candidate", "zul").refused("--target")


def test_bad_input_with_a_card(shell, folder):
    def of_card(*candidates, split="train"):
        given = [word for tag in candidates for word in ("--candidate", tag)]
        return shell("data", "rank", "--target", "xho", "--card", folder / "mine.yaml", "--data-root", folder,
                     "--split", split, *given)  # fmt: skip

    of_card("eng", "hau").refused("data card mine", "no hau", "zul")
    of_card("eng", "xho").refused("--candidate", "'xho' is the target itself")
    of_card("eng", "zul", split="dev").refused("no split 'dev'", "train")
    (folder / "mine" / "zul" / "train.txt").unlink()
    of_card("eng", "zul").refused("zul", "train.txt is missing", "--data-root")
    given = [word for tag in ("eng", "zul") for word in ("--candidate", f"{tag}={folder / tag}.txt")]
    shell("data", "rank", "--target", "xho", *given).refused("--target-text", "no text", "--card")


def test_its_help_imports_neither_torch_nor_transformers():
    code = (
        "import sys; from xling.cli.app import app; from xling.cli.running import run_app;"
        "sys.argv = ['xling', 'data', 'rank', '--help']; status = run_app(app);"
        "sys.exit(status or bool({'torch', 'transformers', 'numpy', 'scipy'} & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert "--target-text" in ended.stdout
