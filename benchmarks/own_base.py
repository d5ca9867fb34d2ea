"""Make a base that is a true MLM: the embedded encoder trained on by MLM, or a small one from nothing.

    python benchmarks/own_base.py --data-root data --out FOLDER --minutes 120 --leave-out bam kin
    python benchmarks/own_base.py --data-root data --out FOLDER --layers 4 --rate 1e-3 --head-factor 1

The first trims the table and trains all weights, which is what Glot500 (Imani et al. 2023) did to XLM-R, in
small. The second begins with random weights and pieces of its own. The text of each language of a data card
is balanced (Conneau and Lample 2019, section 3.1); that of the languages left out is not learned, so that a
language module can be tried in languages that the base has never predicted. FOLDER is a checkpoint with its
own MLM head, which every command takes as --base; it is kept apart from the project. How well it predicts
lines that were held out is appended to the results file, as bits for each character.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ledger import Row, append, here
from make_results import DOCS
from torch import Tensor

from xling.bases.base import Base, load_base
from xling.bases.batches import pad_rows
from xling.bases.precision import Precision, chosen_precision, computing_in
from xling.bases.tokenizers import tokenizer_from
from xling.corpora.cards import load_card
from xling.corpora.source import load
from xling.data.collation import BatchOrder
from xling.data.text import balanced, deduplicate, hold_out
from xling.training.mlm import corpus_pieces, encode_lines, mask_pieces
from xling.vocabulary.replacing import replace
from xling.vocabulary.trimming import trim

QUESTION, LONGEST, HELD = "own-base", 128, 40
SAID_EVERY = 50  # steps


def texts_of(options: argparse.Namespace) -> dict[str, list[str]]:
    """Return the distinct lines of each language of the card."""
    card = load_card(options.card)
    return {
        tag: deduplicate(load(card, tag, card.splits[0], data_root=options.data_root))
        for tag in card.languages
    }


def new_model(base: Base, **sizes: int) -> Any:
    """Return a model with an MLM head and random weights, of the base's family and other sizes."""
    from transformers import AutoModelForMaskedLM

    config = type(base.encoder.config)(**{**base.encoder.config.to_dict(), **sizes})
    return AutoModelForMaskedLM.from_config(config)


def small_model(base: Base, pieces: int, layers: int, width: int) -> Any:
    """Return a small encoder under an MLM head, with random weights."""
    return new_model(
        base,
        vocab_size=pieces,
        num_hidden_layers=layers,
        hidden_size=width,
        num_attention_heads=width // 64,
        intermediate_size=4 * width,
    )


def masked_model(base: Base, kept: Sequence[int], pieces: int) -> Any:
    """Return the base's encoder with the rows of its table that are kept, under a new MLM head."""
    model = new_model(base, vocab_size=pieces)
    state = {name: value.clone() for name, value in base.encoder.state_dict().items()}
    table = next(name for name in state if name.endswith("word_embeddings.weight"))
    state[table] = state[table][list(kept)]
    encoder = getattr(model, model.base_model_prefix)
    missing, unexpected = encoder.load_state_dict(state, strict=False)
    assert not missing, missing
    assert all("pooler" in name for name in unexpected), unexpected
    model.tie_weights()
    return model


class Learner:
    """Passes of MLM over balanced rows, and the loss of held-out rows."""

    def __init__(
        self, model: Any, tokenizer: Any, rows: list[list[int]], options: argparse.Namespace
    ) -> None:
        self.model, self.tokenizer, self.rows, self.options = model, tokenizer, rows, options
        self.pieces = corpus_pieces(rows, tokenizer)
        self.special = torch.as_tensor(sorted(tokenizer.all_special_ids))
        lengths = [len(row) for row in rows]
        self.order = BatchOrder(lengths, max_tokens=options.batch_tokens, seed=options.seed)
        self.precision: Precision = chosen_precision("auto", "cpu")

    def loss(self, rows: Sequence[Sequence[int]], number: int) -> tuple[Tensor, int, int]:
        """Return the mean loss in nats at masked pieces, how many these are, and the pieces read."""
        ids, mask = pad_rows(rows, self.tokenizer.pad_token_id)
        masked, targets = mask_pieces(
            ids,
            mask.bool() & ~torch.isin(ids, self.special),
            self.pieces,
            mask_id=self.tokenizer.mask_token_id,
            probability=0.15,
            generator=np.random.default_rng([self.options.seed, number]),
        )
        encoder = getattr(self.model, self.model.base_model_prefix)
        with computing_in(self.precision, "cpu"):
            states = encoder(input_ids=masked, attention_mask=mask).last_hidden_state[targets]
            head = self.model.cls if hasattr(self.model, "cls") else self.model.lm_head
            logits = head(states)
        loss = torch.nn.functional.cross_entropy(logits.float(), ids[targets])
        return loss, int(targets.sum()), int(mask.sum())

    @torch.no_grad()
    def bits(self, lines: Sequence[str]) -> float:
        """Return the bits of masked pieces for each of their characters, of lines masked in one fixed way."""
        self.model.eval()
        rows = encode_lines(self.tokenizer, lines, LONGEST)
        nats, count, read = 0.0, 0, 0
        for at in range(0, len(rows), 16):
            loss, targets, pieces = self.loss(rows[at : at + 16], 2**31 + at)
            nats, count, read = nats + float(loss) * targets, count + targets, read + pieces
        self.model.train()
        return nats / max(1, count) / math.log(2) * read / sum(map(len, lines))

    def learn(self) -> Iterator[dict[str, float]]:
        """Train for the minutes given, with a linear warm-up and decay over them; yields what to tell."""
        options, started = self.options, time.perf_counter()
        named = dict(self.model.named_parameters())
        head = [value for name, value in named.items() if not name.startswith(self.model.base_model_prefix)]
        below = [value for name, value in named.items() if name.startswith(self.model.base_model_prefix)]
        optimizer = torch.optim.AdamW([{"params": below}, {"params": head}], weight_decay=0.01)
        self.model.train()
        step, read, told = 0, 0, 0.0
        while (done := (time.perf_counter() - started) / (60 * options.minutes)) < 1:
            share = min(done / 0.06, (1 - done) / 0.94)
            for group, factor in zip(optimizer.param_groups, (1.0, options.head_factor), strict=True):
                group["lr"] = options.rate * factor * share
            loss, _, pieces = self.loss([self.rows[row] for row in self.order.at(step)], step)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            step, read, told = step + 1, read + pieces, told + float(loss.detach())
            if step % SAID_EVERY == 0:
                yield {
                    "step": step,
                    "pieces": read,
                    "loss": round(told / SAID_EVERY, 3),
                    "done": round(done, 3),
                }
                told = 0.0
        yield {"step": step, "pieces": read, "done": 1.0}


def main() -> None:
    """Train, save, append, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--base", default="embedded:multilingual-e5-small")
    parser.add_argument("--card", default="mlm_text")
    parser.add_argument("--data-root", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="the folder of the new base")
    parser.add_argument("--leave-out", nargs="*", default=["bam", "kin"])
    parser.add_argument("--layers", type=int, default=0, help="of a new encoder; 0 trains the base's on")
    parser.add_argument("--width", type=int, default=256, help="of a new encoder")
    parser.add_argument("--size", type=int, default=16000, help="how many pieces a new encoder has")
    parser.add_argument("--minutes", type=float, default=120.0)
    parser.add_argument("--rate", type=float, default=2e-4)
    parser.add_argument("--head-factor", type=float, default=5.0, help="how much faster the new head learns")
    parser.add_argument("--batch-tokens", type=int, default=2048)
    parser.add_argument("--alpha", type=float, default=0.3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--results", type=Path, default=DOCS / "results.jsonl")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    row = made(options)
    append(options.results, [row])
    print(json.dumps(row, ensure_ascii=False))


def made(options: argparse.Namespace) -> Row:
    """Make the base; returns the row of what it predicts."""
    base, texts = load_base(options.base), texts_of(options)
    rest, held = held_by_language(texts, options.seed)
    learned = {tag: lines for tag, lines in rest.items() if tag not in options.leave_out}
    lines = balanced(learned, options.alpha, seed=options.seed)
    if options.layers:
        draft = replace(base, lines, options.size)
        model = small_model(base, len(draft.pieces), options.layers, options.width)
    else:
        draft = trim(base, [line for lines in texts.values() for line in lines])
        model = masked_model(base, draft.kept, len(draft.pieces))
    tokenizer = tokenizer_from(draft.tokenizer, base.tokenizer)
    learner = Learner(model, tokenizer, encode_lines(tokenizer, lines, LONGEST), options)
    last: dict[str, float] = {}
    for last in learner.learn():
        print(json.dumps(last), flush=True)
    learner.model.save_pretrained(options.out)
    tokenizer.save_pretrained(options.out)
    return {
        "question": QUESTION,
        "setting": f"{options.minutes:g} minutes at {options.rate:g}",
        "encoder": f"{options.layers} x {options.width}, new" if options.layers else "the base's, trained on",
        "left out": options.leave_out,
        "steps": last["step"],
        "pieces read": last["pieces"],
        "bits a character": {tag: round(learner.bits(lines), 3) for tag, lines in held.items()},
        "pieces": len(draft.pieces),
        "threads": options.threads,
        "precision": learner.precision,
        "base": options.base,
        **here(),
    }


def held_by_language(
    texts: Mapping[str, list[str]], seed: int
) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Return the lines of each language to learn from, and those held out of it."""
    rest, held = {}, {}
    for tag, lines in texts.items():
        rest[tag], held[tag] = hold_out(lines, HELD, seed)
    return rest, held


if __name__ == "__main__":
    main()
