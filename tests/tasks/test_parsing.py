"""Rows, windows, losses, trees and scores of dependency parsing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from support.tiny import WORDS

from xling import train_task
from xling.composition.fitting import base_facts as facts
from xling.data.conllu import as_tagged, read_conllu
from xling.data.examples import ParsedSentence
from xling.data.trees import tree_fault
from xling.errors import InputError
from xling.makers.composed_model import compose
from xling.modules.biaffine import Biaffine, BiaffineConfig
from xling.modules.module import Module
from xling.sites import EncoderShape
from xling.store.store import Store
from xling.tasks.inference import Computing, predict
from xling.tasks.parsing import UNIVERSAL, Parsing
from xling.tasks.pos import PartsOfSpeech
from xling.tasks.task import Row
from xling.training.specs import TrainingSettings

FIXTURES = Path(__file__).parent / "fixtures"
TASK = Parsing()
LABELS = ("nsubj", "obj", "root")
VERBS = WORDS[:4]


def sentence(tokens, heads, relations=None, number: int = 0) -> ParsedSentence:
    return ParsedSentence(tuple(tokens), None, tuple(heads), tuple(relations or ()), str(number), "swh")


def made(number: int) -> ParsedSentence:
    """Two nouns around the verb, which is the root; a word that is on its left is its subject."""
    left, right = 1 + number % 2, 1 + number // 2 % 3
    nouns = [WORDS[4 + (3 * number + step) % (len(WORDS) - 4)] for step in range(left + right)]
    tokens = [*nouns[:left], VERBS[number % 4], *nouns[left:]]
    heads = [left + 1] * left + [0] + [left + 1] * right
    return sentence(tokens, heads, ["nsubj"] * left + ["root"] + ["obj"] * right, number)


def test_labels_are_universal_parts_or_the_own():
    one = sentence(["a", "b"], [0, 1], ["root", "nmod:poss"])
    assert TASK.labels([one]) == UNIVERSAL and len(UNIVERSAL) == 37
    assert set(Parsing(subtypes=True).labels([one])) == {*UNIVERSAL, "nmod:poss"}
    assert TASK.labels([sentence(["a", "b"], [0, 1], ["root", "mod:x"])]) == ("mod", "root")


def test_a_row_is_the_root_and_the_words(bert):
    one = sentence(["amina", "anaishi", "\u200b"], [2, 0, 2], ["nsubj:pass", "root", "obj"])
    (row,) = TASK.rows([one], bert.tokenizer, LABELS, 16)
    assert row.at[0] == 0 and len(row.at) == 4 and row.ids[0] == bert.tokenizer.cls_token_id
    assert row.targets == (-1, 2 * 3 + 0, 0 * 3 + 2, 2 * 3 + 1)
    with pytest.raises(InputError, match="label 'clf' of example 0 is unknown.*choose from nsubj, obj, root"):
        TASK.rows([sentence(["a"], [0], ["clf"])], bert.tokenizer, LABELS, 16)


def test_windows_have_roots_of_their_own_and_learn_no_head_outside(bert):
    tokens = [WORDS[number % len(WORDS)] for number in range(14)]
    heads = [2, 0, *range(2, 14)]
    heads[9], heads[11] = 1, 13  # the tenth word hangs on the first window, the twelfth on a later word
    heads[12] = 10
    one = sentence(tokens, heads, ["root" if head == 0 else "obj" for head in heads])
    rows = TASK.rows([one], bert.tokenizer, LABELS, 10)
    assert [len(row.at) for row in rows] == [9, 7] and all(row.at[0] == 0 for row in rows)
    assert rows[0].targets == (-1, 7, 2, 7, 10, 13, 16, 19, 22)
    # words 9 to 14 count as 1 to 6; heads 8 and 1 lie outside
    assert rows[1].targets == (-1, -1, -1, 2 * 3 + 1, 5 * 3 + 1, 2 * 3 + 1, 5 * 3 + 1)


def test_later_windows_hang_on_the_first_root(bert):
    tokens = [WORDS[number % len(WORDS)] for number in range(14)]
    one = ParsedSentence(tuple(tokens), None, None, None, "0", "swh")
    rows = TASK.rows([one], bert.tokenizer, LABELS, 10)
    assert all(row.targets == () for row in rows)
    scores = [torch.zeros(len(row.at), len(row.at), 4) for row in rows]
    scores[0][:, 3, 0], scores[0][3, 0, 0] = 5, 9  # all on the third word
    scores[1][:, 1, 0], scores[1][1, 0, 0] = 5, 9
    for own in scores:
        own[..., 2], own[..., 3] = 1, 2  # obj before nsubj, root before both
    (found,) = TASK.decode([one], rows, scores, LABELS)
    assert found["heads"] == [3, 3, 0, 3, 3, 3, 3, 3, 3, 9, 9, 9, 9, 9]
    assert found["relations"] == ["obj", "obj", "root"] + ["obj"] * 11
    assert tree_fault(found["heads"]) is None


def test_a_sentence_without_words_is_predicted_too(bert):
    empty = TASK.example([], "0", "swh")
    assert TASK.rows([empty], bert.tokenizer, LABELS, 16) == []
    (found,) = TASK.decode([empty], [], [], LABELS)
    assert found == {"id": "0", "language": "swh", "tokens": [], "heads": [], "relations": []}


def test_the_loss_by_hand():
    """One word under the root and one under it: two heads of three, two relations of two."""
    row = Row(ids=(0, 5, 6, 2), at=(0, 1, 2), targets=(-1, 0 * 2 + 1, 1 * 2 + 0), example=0)
    logits = torch.zeros(1, 4, 4, 3, requires_grad=True)
    expected = torch.log(torch.tensor(3.0)) + torch.log(torch.tensor(2.0))
    assert TASK.loss(logits, [row]).item() == pytest.approx(expected.item())
    TASK.loss(logits, [row]).backward()
    touched = logits.grad[0].abs().sum(-1) > 0
    assert touched.nonzero().tolist() == [[1, 0], [1, 1], [1, 2], [2, 0], [2, 1], [2, 2]]
    relations = logits.grad[0, :, :, 1:].abs().sum(-1) > 0
    assert relations.nonzero().tolist() == [[1, 0], [2, 1]]
    unlearned = Row(ids=(0, 5, 2), at=(0, 1), targets=(-1, -1), example=0)
    assert TASK.loss(logits, [unlearned]).item() == 0.0


def test_scores_of_arcs_and_relations_by_hand():
    """d' W h with ones at the ends, for the dependent's and the head's own layers."""
    config = BiaffineConfig(relations=2, arc_size=3, relation_size=2, dropout=0.0, std=0.5)
    network = Biaffine(config, EncoderShape(hidden=4, layers=1), torch.Generator().manual_seed(0))
    states = torch.randn(1, 3, 4, generator=torch.Generator().manual_seed(1))
    scores = network(states, torch.ones(1, 3, dtype=torch.long))
    assert scores.shape == (1, 3, 3, 3)

    def layer(name: str, piece: int) -> torch.Tensor:
        return torch.cat([network.layers[name](states[0, piece]).relu(), torch.ones(1)])

    arc = layer("arc_dependent", 2) @ network.arcs[0] @ layer("arc_head", 1)
    relation = layer("relation_dependent", 2) @ network.relations[1] @ layer("relation_head", 1)
    assert scores[0, 2, 1, 0].item() == pytest.approx(arc.item(), abs=1e-6)
    assert scores[0, 2, 1, 2].item() == pytest.approx(relation.item(), abs=1e-6)


def test_las_leaves_subtypes_out_and_counts_words():
    gold = [sentence("abc", [2, 0, 2], ["nsubj", "root", "obl:tmod"]), sentence("d", [0], ["root"])]
    rows = [
        {"heads": [2, 0, 1], "relations": ["nsubj:pass", "dep", "obl"]},
        {"heads": [0], "relations": ["root"]},
    ]
    assert TASK.counts(gold, rows).tolist() == [[1, 2, 3], [1, 1, 1]]
    assert TASK.score(gold, rows) == {"las": 50.0, "uas": 75.0}
    assert TASK.value(TASK.counts(gold, rows).sum(0)) == 50.0
    assert (
        TASK.gold(gold[1]) == {"heads": [0], "relations": ["root"]}
        and TASK.gold(TASK.example(["a"], "0", "swh")) == {}
    )


def test_the_figures_of_the_official_evaluation():
    gold = read_conllu(FIXTURES / "ud_gold.conllu", language="und")
    found = read_conllu(FIXTURES / "ud_damaged.conllu", language="und")
    rows = [{"heads": s.heads, "relations": s.relations, "tags": s.tags} for s in found]
    expected = json.loads((FIXTURES / "ud_eval.json").read_text(encoding="utf-8"))
    trees = TASK.score(gold, rows)
    tags = PartsOfSpeech().score(list(as_tagged(gold)), rows)
    ours = {"UPOS": tags["accuracy"], "UAS": trees["uas"], "LAS": trees["las"]}
    assert ours == pytest.approx(expected, abs=0.01) and 30 < ours["LAS"] < ours["UAS"] < 90


def test_from_training_to_scores(bert, tmp_path):
    data = [made(number) for number in range(24)]
    settings = TrainingSettings(steps=80, learning_rate=0.01, batch_tokens=128, max_length=32)
    options = {"head": {"arc_size": 32, "relation_size": 16}}
    module = train_task(
        bert, data, data[:8], task="parsing", kind="bottleneck", options=options, settings=settings
    )
    module.save(tmp_path / "task/parsing")
    model = compose(bert, "task/parsing", store=Store(tmp_path))
    found = model.predict([list(example.tokens) for example in data], language="swh")
    assert TASK.score(data, found)["las"] > 90
    assert found[0].keys() == {"id", "language", "tokens", "heads", "relations"}
    assert all(tree_fault(row["heads"]) is None for row in found)
    assert all(row["relations"].count("root") == 1 for row in found)
    again = predict(TASK, data, model.composition, model.labels, computing=Computing(batch_tokens=16))
    assert [row["heads"] for row in again] == [row["heads"] for row in found]


def test_the_shell_fills_a_participants_file(bert, tmp_path, shell):
    gold = FIXTURES / "ud_gold.conllu"
    sentences = read_conllu(gold, language="eng")
    head = TASK.head(TASK.labels(sentences), bert).model_copy(update={"arc_size": 8, "relation_size": 8})
    parser = Module.fresh(
        [head], bert.shape, facts(bert, task="parsing", labels=TASK.labels(sentences), seed=1)
    )
    parser.save(tmp_path / "modules/task/dep")
    out = tmp_path / "out.conllu"
    words = ["predict", "--base", bert.id, "--plan", "task/dep", "--store", tmp_path / "modules"]
    ended = shell(*words, "--input", gold, "--output", out, "--language", "eng")
    assert ended.status == 0, ended.err
    found = read_conllu(out, language="eng")
    assert [(one.id, one.tokens, one.tags) for one in found] == [(s.id, s.tokens, s.tags) for s in sentences]
    assert [line for line in out.read_text().split("\n") if line.startswith("#")] == [
        line for line in gold.read_text().split("\n") if line.startswith("#")
    ]
    ended = shell("evaluate", *words[1:], "--task", "parsing", "--data", gold, "--language", "eng", "--json",
                  "--out", tmp_path / "results.json")  # fmt: skip
    assert ended.status == 0, ended.err
    result = json.loads((tmp_path / "results.json").read_text())
    assert result["metric"] == "las" and result["value"] == pytest.approx(result["all"]["las"], abs=0.01)
    ended = shell(*words, "--input", gold, "--output", tmp_path / "out.conll")
    assert ended.status == 2 and "parsing cannot be written as CoNLL; end it in .jsonl" in ended.err
    text = tmp_path / "a.txt"
    text.write_text("Habari gani\n")
    ended = shell(*words, "--input", text, "--output", out)
    assert ended.status == 2 and "by filling the input in, and a.txt is none; end it in .jsonl" in ended.err
