"""Score how well sentence vectors find translations, for a base alone or under a plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from xling.bases.base import load_base
from xling.bases.stored import files_of
from xling.composition.composed import Composition
from xling.composition.contents import grow, routes
from xling.composition.forms.auto import spelled_out
from xling.composition.forms.form import Node, acting
from xling.composition.grammar import parse as parse_plan
from xling.data.parallel import read_candidates, read_parallel
from xling.errors import InputError
from xling.evaluation.bootstrap import interval
from xling.files import write_json
from xling.languages import parse
from xling.makers.composed_model import Setup
from xling.places import check_output
from xling.store.store import Store
from xling.tasks.retrieval import MARGINS, METRICS, rank_among, rank_counts, ranks
from xling.tasks.rewriting import rewritten_text
from xling.training.alignment import sentence_vectors


@dataclass(frozen=True, kw_only=True)
class RetrievalOrder:
    """The base, the plan and the file to evaluate.

    pairs: a table of sentences and their translations. candidates: instead of pairs, a JSONL file of queries,
    each with its candidate sentences in `other_language`. margin: how pairs are scored, a name of `MARGINS`.
    """

    base: str
    language: str
    other_language: str
    pairs: Path | None = None
    candidates: Path | None = None
    plan: str | None = None
    store: Path | None = None
    margin: str = "cosine"
    device: str = "cpu"


def retrieve(order: RetrievalOrder, *, out: Path | None = None) -> dict[str, Any]:
    """Return accuracy at 1 and mean reciprocal rank in percent, with 95% bootstrap intervals over queries.

    Raises InputError when a language, margin, base or module is unknown, when a row is faulty, and unless
    exactly one of pairs and candidates is given.
    """
    order = replace(order, language=parse(order.language), other_language=parse(order.other_language))
    if order.margin not in MARGINS:
        raise InputError(f"no margin is called {order.margin!r}", where="--margin", choices=MARGINS)
    if (order.pairs is None) == (order.candidates is None):
        raise InputError("give either --pairs or --candidates", where="xling retrieve")
    if order.plan is not None and order.store is None:
        raise InputError("a plan needs the folder of its modules", where="--store", hint="give --store DIR")
    if out is not None:
        check_output(out, order.pairs, order.candidates, *_read(order))
    counts = _ranked(order) if order.pairs is None else _both_ways(order, order.pairs)
    result = {
        "base": order.base,
        "plan": order.plan or "none",
        "margin": order.margin if order.pairs else "cosine",
        "queries": len(next(iter(counts.values()))),
        "results": [
            {"direction": direction, "metric": metric, **interval(sums, value).row()}
            for direction, sums in counts.items()
            for metric, value in METRICS.items()
        ],
    }
    if out is not None:
        write_json(out, result)
    return result


def _read(order: RetrievalOrder) -> list[Path]:
    """Return the files of the base and of the plan's modules."""
    if order.plan is None or order.store is None:
        return files_of(order.base)
    return Setup(base=order.base, plan=order.plan, store=order.store).inputs()


def _both_ways(order: RetrievalOrder, path: Path) -> dict[str, np.ndarray]:
    """Return the counts of each pair of a file in both directions; each language must be a column name."""
    here, there = order.language, order.other_language
    read_parallel(path, language=there)
    pairs = list(dict.fromkeys(read_parallel(path, language=here)))
    if len(pairs) < 2:
        raise InputError(f"{len(pairs)} different pairs leave nothing to tell apart", where=path)
    own, other = _vectors(order, [[pair[side] for pair in pairs] for side in (0, 1)])
    return {
        f"{here} to {there}": rank_counts(ranks(own, other, margin=order.margin)),
        f"{there} to {here}": rank_counts(ranks(other, own, margin=order.margin)),
    }


def _ranked(order: RetrievalOrder) -> dict[str, np.ndarray]:
    assert order.candidates is not None
    rows = read_candidates(order.candidates)
    texts = list(dict.fromkeys(text for row in rows for text in row.candidates))
    place = {text: number for number, text in enumerate(texts)}
    queries, vectors = _vectors(order, [[row.query for row in rows], texts])
    found = [
        rank_among(query, vectors[[place[text] for text in row.candidates]], row.right)
        for query, row in zip(queries, rows, strict=True)
    ]
    return {f"{order.language} to {order.other_language}": rank_counts(found)}


def _vectors(order: RetrievalOrder, texts: Sequence[Sequence[str]]) -> list[Tensor]:
    """Return the sentence vectors of the texts of both sides.

    A plan with routes encodes both sides, each under its own language. A plan without routes encodes the
    first side, and the base alone encodes the other, so that one language module can be evaluated.
    """
    node: Node | None = None
    if order.plan is not None and order.store is not None:
        store = Store(order.store)
        node = acting(grow(spelled_out(parse_plan(order.plan), store.names), store.get))
    base = load_base(order.base, device=order.device)
    alone = Composition(base)
    plan, both = (alone, False) if node is None else (Composition(base, node), routes(node))
    found = []
    sides = ((plan, order.language), (plan if both else alone, order.other_language))
    for (reader, language), own in zip(sides, texts, strict=True):
        tokenizer, rewrite = reader.tokenizer(language), partial(reader.rewritten, language=language)
        read = [rewritten_text(text, rewrite) if reader.rewrites else text for text in own]
        rows = tokenizer(read, truncation=True, max_length=base.max_length)["input_ids"]
        found.append(sentence_vectors(reader, rows, language=language))
    return found
