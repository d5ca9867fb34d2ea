"""A word tagged `_`: it is read and predicted like any other, and neither learned nor scored."""

from __future__ import annotations

import pytest
import torch
from support.task_files import of_hub, read_as
from support.tiny import TEXTS

from xling.data.bio import NO_LABEL
from xling.data.examples import TaggedSentence
from xling.tasks.pos import TASK, UPOS

TOKENS = tuple(TEXTS[0].split())
KNOWN = ("NOUN", "VERB", "ADJ", "NOUN")
PART = ("NOUN", NO_LABEL, "ADJ", NO_LABEL)


def encoded(bert, *tags):
    examples = [TaggedSentence(TOKENS, own, str(n), "swh") for n, own in enumerate(tags)]
    return TASK.rows(examples, bert.tokenizer, UPOS, 32)


def scores(rows):
    torch.manual_seed(0)
    return torch.randn(len(rows), max(len(row.ids) for row in rows), len(UPOS), requires_grad=True)


def test_its_gradient_is_zero_and_that_of_the_others_is_as_without_it(bert):
    rows = encoded(bert, PART)
    logits = scores(rows)
    TASK.loss(logits, rows).backward()
    at = [rows[0].at[number] for number, tag in enumerate(PART) if tag != NO_LABEL]
    moved = logits.grad.abs().sum((0, 2)).nonzero().flatten().tolist()
    assert moved == at
    items = logits[0, at].float()
    wanted = torch.tensor([UPOS.index("NOUN"), UPOS.index("ADJ")])
    assert torch.equal(TASK.loss(logits, rows), torch.nn.functional.cross_entropy(items, wanted))


def test_a_batch_without_any_label_has_no_loss(bert):
    rows = encoded(bert, (NO_LABEL,) * 4)
    logits = scores(rows)
    loss = TASK.loss(logits, rows)
    loss.backward()
    assert loss.item() == 0 and not logits.grad.any()


def test_it_is_no_label_and_is_not_scored():
    example = TaggedSentence(TOKENS, PART, "0", "swh")
    assert TASK.labels([TaggedSentence(TOKENS, ("N", NO_LABEL, "V", "N"), "0", "swh")]) == ("N", "V")
    assert TASK.label_names(example) == ["NOUN", "ADJ"]
    said = [{"tokens": list(TOKENS), "tags": ["NOUN", "VERB", "VERB", "X"]}]
    assert TASK.counts([example], said).tolist() == [[1, 2]]
    (shown,) = TASK.compare(TASK.gold(example), said[0])
    assert len(shown.pairs) == 2


@pytest.mark.parametrize("name", ["swh.conll", "swh.jsonl"])
def test_files_keep_it(tmp_path, name):
    text = {
        "swh.conll": "".join(f"{token} {tag}\n" for token, tag in zip(TOKENS, PART, strict=True)),
        "swh.jsonl": f'{{"tokens": {list(TOKENS)}, "tags": {list(PART)}}}\n'.replace("'", '"'),
    }
    (tmp_path / name).write_text(text[name], encoding="utf-8")
    assert [row.tags for row in read_as("pos", tmp_path / name)] == [PART]


def test_on_the_hub_it_is_a_token_of_several_words():
    (row,) = of_hub("pos", [{"tokens": list(TOKENS), "tags": list(PART)}])
    assert row.tags == ("NOUN", "ADJ")
