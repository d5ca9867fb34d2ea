"""`xling module cluster` and `xling module find`: a library of modules, grouped and looked up."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch
from support.foreign_text import SPELLED
from support.making import disturbed, fresh, task_module
from support.tiny import TEXTS

from xling.composition.contents import grow
from xling.composition.grammar import parse
from xling.jobs.clustering import cluster_modules, directions
from xling.modules.profile import Profile
from xling.store.store import Store

GROUPS = {"lang/a": 0, "lang/b": 1, "lang/c": 0, "lang/d": 2, "lang/e": 1, "lang/f": 0}


def filled(root, base, kind: str, std: float = 0.03) -> Store:
    """A store of modules around three centres."""
    store = Store(root)
    for number, (name, group) in enumerate(GROUPS.items()):
        module = disturbed(base, kind, std=0.5, seed=group)
        generator = torch.Generator().manual_seed(100 + number)
        with torch.no_grad():
            for value in (value for own in module.networks for value in own.parameters()):
                value.add_(torch.randn(value.shape, generator=generator) * std)
        store.add(name, module)
    return store


@pytest.mark.parametrize("kind", ["lora", "bottleneck", "ia3", "madx", "full"])
def test_modules_around_one_centre_are_one_group(bert, tmp_path, kind):
    rows = cluster_modules(filled(tmp_path, bert, kind), (), count=3, seed=1)
    assert [row["plan"] for row in rows] == [
        "average(lang/a, lang/c, lang/f)", "average(lang/b, lang/e)", "lang/d"
    ]  # fmt: skip
    assert [(row["group"], row["modules"]) for row in rows] == [(1, 3), (2, 2), (3, 1)]
    assert all(0.9 < row["cosine"] <= 1 and row["nearest"] in row["plan"] for row in rows)
    for row in rows:
        grow(parse(row["plan"]), Store(tmp_path).get)


def test_the_space_that_they_span_keeps_cosines(bert):
    modules = [disturbed(bert, "lora", std=0.3, seed=n) for n in range(4)]
    flat = [torch.cat([value.flatten() for value in own.tensors().values()]) for own in modules]
    found = directions(modules)
    assert found.shape == (4, 4)
    for one in range(4):
        for two in range(4):
            expected = torch.cosine_similarity(flat[one], flat[two], dim=0)
            assert abs(float(found[one] @ found[two]) - float(expected)) < 1e-5


def test_heads_do_not_count(bert):
    body = disturbed(bert, "lora", std=0.3, seed=1)
    heads = [replace(body, parts=(*body.parts, *task_module(bert, "tagging", n).parts)) for n in (1, 2)]
    found = directions(heads)
    assert float(found[0] @ found[1]) == pytest.approx(1.0)


def test_the_command_prints_groups(shell, bert, tmp_path):
    filled(tmp_path, bert, "lora").add("task/x", task_module(bert, "tagging", 1))
    told = ("module", "cluster", "lang/*", "--store", tmp_path, "--count", "3")
    ended = shell(*told, "--json")
    assert ended.status == 0 and not ended.err
    assert json.loads(ended.out) == cluster_modules(Store(tmp_path), ["lang/*"], count=3, seed=0)
    plain = shell(*told)
    assert "average(lang/b, lang/e)" in plain.out and "nearest" in plain.out
    two = json.loads(
        shell("module", "cluster", "lang/a", "lang/d", "lang/c", "--store", tmp_path, "--json").out
    )
    assert [row["plan"] for row in two] == ["average(lang/a, lang/c)", "lang/d"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), ("lang/a and task/x cannot be compared", "kinds or options differ", "'lang/*'")),
        (("lang/a", "lang/z"), ("no module is called 'lang/z'", "lang/b")),
        (("long/*",), ("no module lies in long/", "lang/a")),
        (("lang/*", "--count", "7"), ("--count", "6 modules make 1 to 6 groups, not 7")),
        (("same/*",), ("--count", "2 groups need as many different modules, and these are 1")),
        (("task/x", "task/x", "--count", "1"), ("no parameters beside a head",)),
    ],
)
def test_what_makes_no_groups_is_refused(shell, bert, tmp_path, words, said):
    store = filled(tmp_path, bert, "lora")
    store.add("task/x", task_module(bert, "tagging", 1))
    for name in ("same/a", "same/b"):
        store.add(name, fresh(bert, "lora"))
    shell("module", "cluster", *words, "--store", tmp_path).refused(*said)


BACKWARDS = [line[::-1] for line in TEXTS]


@pytest.fixture
def library(bert, tmp_path):
    """A store with two profiled modules, one without a profile, and files of text."""
    store = Store(tmp_path / "store")
    for number, (name, lines) in enumerate({"lang/swh": TEXTS, "lang/hau": BACKWARDS}.items()):
        module = disturbed(bert, "lora", std=0.1, seed=number)
        store.add(name, module.with_facts(profile=str(Profile.of(lines))))
    store.add("lang/bare", disturbed(bert, "lora", std=0.1, seed=3))
    texts = {
        "swh": TEXTS[60:80],
        "hau": BACKWARDS[60:80],
        "nqo": SPELLED,
        "mixed": [*TEXTS[60:63], BACKWARDS[70]],
    }
    for name, lines in texts.items():
        (tmp_path / f"{name}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path


def found(shell, library, *words):
    ended = shell("module", "find", "--store", library / "store", *words, "--json")
    assert ended.status == 0, ended.err
    return json.loads(ended.out)


def test_profiles_rank_and_tell_where_lines_would_go(shell, library):
    rows = found(shell, library, "--input", library / "swh.txt")
    assert [row["module"] for row in rows] == ["lang/swh", "lang/hau"]
    assert rows[0]["profile"] > rows[1]["profile"] and rows[0]["lines"] > 90 and "cosine" not in rows[0]
    assert found(shell, library, "--input", library / "hau.txt")[0]["module"] == "lang/hau"
    shares = {row["module"]: row["lines"] for row in found(shell, library, "--input", library / "mixed.txt")}
    assert shares == {"lang/swh": 75.0, "lang/hau": 25.0}
    assert {row["lines"] for row in found(shell, library, "--input", library / "nqo.txt")} == {0.0}


def test_sentence_vectors_rank_what_is_given_text(shell, library, bert):
    texts = ("--text", f"lang/bare={library / 'swh.txt'}", "--text", f"lang/hau={library / 'hau.txt'}")
    rows = found(shell, library, "--input", library / "swh.txt", "--base", bert.id, *texts)
    assert [row["module"] for row in rows] == ["lang/bare", "lang/hau", "lang/swh"]
    assert rows[0]["cosine"] == pytest.approx(1.0) and rows[1]["cosine"] < 1
    assert rows[0]["profile"] is None and rows[2]["cosine"] is None and rows[2]["profile"] is not None


def test_what_cannot_be_found_is_refused(shell, library, bert):
    def refused(*words):
        return shell("module", "find", "--store", library / "store", *words).refused

    (library / "digits.txt").write_text("1 2 3\n", encoding="utf-8")
    own = ("--input", library / "swh.txt")
    refused("--input", library / "digits.txt")("digits.txt", "no letters")
    refused(*own, "--base", bert.id)("--text", "give both, or neither")
    refused(*own, "--text", f"lang/hau={library / 'hau.txt'}")("--base", "give both")
    refused(*own, "--base", bert.id, "--text", f"lang/x={library / 'hau.txt'}")(
        "no module is called 'lang/x'"
    )
    refused(*own, "--base", bert.id, "--text", "hau.txt")("--text", "is not PLAN=FILE")
    shell("module", "find", *own, "--store", library / "nowhere").refused("no such folder")
    Store(library / "plain").add("lang/a", fresh(bert, "lora"))
    shell("module", "find", *own, "--store", library / "plain").refused(
        "no module keeps a profile", "--text NAME=FILE"
    )
