"""Dependency parsing: predict each word's head and relation from biaffine scores and the best tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from xling.bases.base import Base
from xling.data.conll import UNLABELLED
from xling.data.conllu import conllu_sentences
from xling.data.examples import ParsedSentence, Translation
from xling.data.rows import Columns, Record
from xling.data.trees import tree_fault
from xling.modules.biaffine import BiaffineConfig
from xling.tasks.arborescence import best_tree
from xling.tasks.comparison import Comparison, LabelPair, wrong_words
from xling.tasks.metrics import share
from xling.tasks.reading import Files, Reading
from xling.tasks.task import Prediction, Row, by_example, numbered
from xling.tasks.word_rows import column_sentences, conllu_bytes, tokens_in, tokens_of, word_rows

UNIVERSAL = tuple(
    "acl advcl advmod amod appos aux case cc ccomp clf compound conj cop csubj dep det discourse dislocated"
    " expl fixed flat goeswith iobj list mark nmod nsubj nummod obj obl orphan parataxis punct reparandum"
    " root vocative xcomp".split()
)
ROOT = "root"
_LONGEST = 512  # pieces in a row: the number of scores grows with its square
_UNLEARNED = -1

Pairs = Float[Tensor, "nodes nodes scores"]
Tree = tuple[list[int], list[str]]


def _trees(how: Reading) -> Iterator[ParsedSentence]:
    """Read CoNLL-U; gold parts of speech are required in data sets with a card, not in a user's files."""
    gold = () if not how.gold else ("tree",) if how.columns is None else ("tags", "tree")
    return conllu_sentences(how.where, language=how.language, gold=gold, labels=how.labels)


def _columns(how: Reading) -> Iterator[ParsedSentence]:
    found = column_sentences(how, UNLABELLED)
    return (_bare(own.tokens, own.id, own.language, own.translation) for own in found)


@dataclass(frozen=True)
class Parsing:
    """Dependency parsing of tokenised sentences. Metric: LAS, as in the CoNLL 2018 evaluation.

    subtypes: whether relations are learned with their subtypes (`nmod:poss`); scores ignore subtypes anyway.
    The items of a row are the first special piece, which stands for the root, and the words. A sentence that
    is too long for one row is parsed in windows: in training, words whose head is in another window are left
    out; in prediction, the root of a later window becomes a dependent of the first window's root.
    """

    subtypes: bool = False
    name = "parsing"
    metric = "las"
    together = False
    template = "parsing"
    files = Files(
        readers={"conllu": _trees, "conll": _columns, "tsv": _columns},
        rows=("jsonl", "text"),
        input_only=("conll", "tsv", "jsonl", "text"),
        usual="conllu",
    )
    outputs = {".conllu": conllu_bytes}

    def of_rows(self, rows: Iterable[Record], how: Reading) -> Iterator[ParsedSentence]:
        """Make examples of rows with lists of tokens, tags, heads and relations; without gold only tokens."""
        return (_sentence(row, how, number) for number, row in enumerate(rows))

    def example(self, item: Any, id: str, language: str) -> ParsedSentence:
        return _bare(tokens_of(item), id, language)

    def labels(self, examples: Sequence[ParsedSentence]) -> tuple[str, ...]:
        """Return the relations; all 37 universal ones if the training data has no others."""
        found = {name for example in examples for name in example.relations or ()}
        kept = found if self.subtypes else set(map(universal, found))
        known = set(map(universal, kept)).issubset(UNIVERSAL)
        return tuple(sorted(kept.union(UNIVERSAL) if known else kept))

    def head(self, labels: Sequence[str], base: Base) -> BiaffineConfig:
        return BiaffineConfig(relations=len(labels))

    def rows(
        self, examples: Sequence[ParsedSentence], tokenizer: Any, labels: Sequence[str], max_length: int
    ) -> list[Row]:
        """Encode sentences. Targets: -1 for the root; head * relations + relation for a word."""
        heads = [example.heads or () for example in examples]
        words = [example.tokens for example in examples]
        whole = word_rows(words, heads, tokenizer, min(max_length, _LONGEST))
        relations = [_relations(example, labels) for example in examples]
        return [_rooted(row, relations[row.example], len(labels)) for row in whole]

    def loss(self, logits: Tensor, rows: Sequence[Row]) -> Tensor:
        """Return the mean over words of the head's loss plus the relation's loss at the gold head."""
        total, count = logits.new_zeros((), dtype=torch.float32), 0
        for pairs, row in zip(self.pick(logits, rows), rows, strict=True):
            targets = torch.as_tensor(row.targets, device=logits.device)
            kept = targets != _UNLEARNED
            outputs = pairs.shape[-1] - 1
            heads, relations = targets[kept] // outputs, targets[kept] % outputs
            own = pairs[kept].float()
            at_head = own[torch.arange(len(own), device=own.device), heads, 1:]
            total = total + torch.nn.functional.cross_entropy(own[..., 0], heads, reduction="sum")
            total = total + torch.nn.functional.cross_entropy(at_head, relations, reduction="sum")
            count += len(own)
        return total / max(count, 1)

    def pick(self, logits: Tensor, rows: Sequence[Row]) -> list[Pairs]:
        """Return each row's scores [dependents, heads, 1 + relations]: of the arc, then of its relations."""
        return [logits[number, list(row.at)][:, list(row.at)] for number, row in enumerate(rows)]

    def decode(
        self,
        examples: Sequence[ParsedSentence],
        rows: Sequence[Row],
        scores: Sequence[Tensor],
        labels: Sequence[str],
    ) -> list[Prediction]:
        found = []
        for example, own in zip(examples, by_example(rows, scores, len(examples)), strict=True):
            heads, relations = _joined([_tree(pairs, labels, first=not n) for n, pairs in enumerate(own)])
            place = {"id": example.id, "language": example.language, "tokens": list(example.tokens)}
            found.append({**place, "heads": heads, "relations": relations})
        return found

    def gold(self, example: ParsedSentence) -> Prediction:
        if example.heads is None:
            return {}
        return {"heads": list(example.heads), "relations": list(example.relations or ())}

    def label_names(self, example: ParsedSentence) -> list[str]:
        return list(map(universal, example.relations or ()))

    def counts(self, examples: Sequence[ParsedSentence], predictions: Sequence[Prediction]) -> np.ndarray:
        """Count, for each sentence, words with right head and relation, with right head, and all words."""
        sums = np.zeros((len(examples), 3))
        for number, (example, prediction) in enumerate(zip(examples, predictions, strict=True)):
            gold, own = np.asarray(example.heads or ()), np.asarray(prediction["heads"])
            names = (example.relations or (), prediction["relations"])
            same = [universal(one) == universal(other) for one, other in zip(*names, strict=True)]
            attached = gold == own
            sums[number] = (attached & np.asarray(same, dtype=bool)).sum(), attached.sum(), len(gold)
        return sums

    value = staticmethod(share)

    def score(
        self, examples: Sequence[ParsedSentence], predictions: Sequence[Prediction]
    ) -> dict[str, float]:
        labelled, attached, words = self.counts(examples, predictions).sum(0)
        return {
            name: float(100 * right / max(words, 1)) for name, right in (("las", labelled), ("uas", attached))
        }

    def compare(self, gold: Prediction, predicted: Prediction) -> list[Comparison]:
        """Compare words; one is right when its head and relation (without subtype) are right, as in LAS."""
        tokens = predicted["tokens"]
        right, own = (
            list(zip(map(universal, row["relations"]), row["heads"], strict=True))
            for row in (gold, predicted)
        )
        drawn = wrong_words(tokens, *([_shown(tokens, *arc) for arc in side] for side in (right, own)))
        both = zip(right, own, strict=True)
        pairs = tuple(LabelPair(name, other, head == theirs) for (name, head), (other, theirs) in both)
        title = "Relations, right with the right head"
        return [Comparison(title=title, unit="words", pairs=pairs, spans=drawn)]


def universal(relation: str) -> str:
    """Return a relation without its subtype: `nmod` for `nmod:poss`."""
    return relation.partition(":")[0]


def _shown(tokens: Sequence[str], relation: str, head: int) -> str:
    """A relation with its head word and the head's number, which distinguishes equal words."""
    word = f"{tokens[head - 1]} " if 0 < head <= len(tokens) else ""
    return f"{relation} \N{RIGHTWARDS ARROW} {word}{head}"


def _bare(
    tokens: tuple[str, ...], id: str, language: str, translation: Translation | None = None
) -> ParsedSentence:
    return ParsedSentence(tokens, None, None, None, id, language, translation)


def _sentence(row: Record, how: Reading, number: int) -> ParsedSentence:
    """Make an example of a row; multi-word tokens and empty nodes, which have no head, are left out."""
    identity, language = how.identity(row, number), how.language_of(row)
    if not how.gold:
        tokens = tokens_in(row, how)
        if tokens is None:
            raise row.place.fault("not a row with tokens, which are a list of text")
        return _bare(tokens, identity, language, how.translation_of(row))
    columns = how.columns or Columns()
    names = (columns.tokens, columns.tags, columns.heads, columns.relations)
    row.require(names)
    cells = zip(*(row.cells[name] for name in names), strict=False)
    words = [own for own in cells if str(own[2]).isdecimal()]
    heads, tags = tuple(int(own[2]) for own in words), [own[1] for own in words]
    fault = tree_fault(heads)
    if fault is not None:
        raise row.place.fault(fault[1])
    if None in tags:
        raise row.place.fault(f"no label in {columns.tags!r}", hint="take a split that has labels")
    return ParsedSentence(
        tokens=tuple(own[0] for own in words),
        tags=tuple(how.labels.get(tag, tag) for tag in tags),
        heads=heads,
        relations=tuple(how.labels.get(str(own[3]), str(own[3])) for own in words),
        id=identity,
        language=language,
        translation=how.translation_of(row),
    )


def _relations(example: ParsedSentence, labels: Sequence[str]) -> list[int]:
    """The number of each word's relation; a subtype that is not in the label set is left out."""
    names = example.relations or ()
    return [numbered(name if name in labels else universal(name), labels, example) for name in names]


def _rooted(row: Row, relations: Sequence[int], outputs: int) -> Row:
    """Add the root as first item to a row of `word_rows`, whose targets are heads, and encode all targets."""
    words = len(row.at)
    first = row.first
    targets = []
    for word, head in enumerate(row.targets):
        inside = head - first if head else 0
        learned = 0 < inside <= words or head == 0
        targets.append(inside * outputs + relations[first + word] if learned else _UNLEARNED)
    root = (_UNLEARNED,) if targets else ()
    return replace(row, at=(0, *row.at), targets=(*root, *targets))


def _tree(pairs: Pairs, labels: Sequence[str], *, first: bool) -> Tree:
    """The best heads and relations of a window; only the first window's root gets the relation `root`."""
    heads = best_tree(pairs[..., 0].double().numpy())
    words = torch.arange(1, len(pairs))
    scores = pairs[words, torch.as_tensor(heads, dtype=torch.long), 1:]
    if ROOT in labels and len(labels) > 1:
        scores[:, labels.index(ROOT)] = -torch.inf
    relations = [str(labels[best]) for best in scores.argmax(-1).tolist()]
    if first and ROOT in labels:
        relations[heads.index(0)] = ROOT
    return heads, relations


def _joined(windows: Sequence[Tree]) -> Tree:
    """Join the trees of a sentence's windows; the roots of later windows depend on the first root."""
    heads: list[int] = []
    relations: list[str] = []
    for own, names in windows:
        before = len(heads)
        top = heads.index(0) + 1 if heads else 0
        heads += [head + before if head else top for head in own]
        relations += names
    return heads, relations


TASK = Parsing()
