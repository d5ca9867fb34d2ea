"""Make a base that is a true MLM: a small encoder from nothing, or the embedded one trained on by MLM.

    python benchmarks/own_base.py --data-root data --out FOLDER --layers 4 --rate 1e-3 --head-pace 1 \
        --english mafand_pairs --share 0.3 --leave-out bam kin hau fon
    python benchmarks/own_base.py --data-root data --out FOLDER --keep 4 --steps 3000 --leave-out bam kin

The first begins with random weights and pieces of its own. The second trims the table and trains all weights,
which is what Glot500 (Imani et al. 2023) did to XLM-R, in small; with `--keep`, of the lowest layers alone.
The text of each language of a data card is balanced (Conneau and Lample 2019, section 3.1); that of the
languages left out is not learned, so that a language module can be tried in languages that the base has never
predicted, and lines that share eight words with a sentence of the lab's dev and test splits are left out too.
FOLDER is a checkpoint with its own MLM head, which every command takes as --base; it is kept apart from the
project. A run that is cut off goes on where it was. How well the base predicts lines that were held out is
appended to the results file, as bits for each character.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lab.ground import held_out
from lab.overlap import Apart
from ledger import Row, append, here
from make_results import DOCS
from torch import Tensor

from xling.bases.base import Base, load_base
from xling.bases.batches import pad_rows
from xling.bases.precision import Precision, chosen_precision, computing_in
from xling.bases.tokenizers import tokenizer_from
from xling.corpora.cards import load_card
from xling.corpora.source import load, pairs_in
from xling.data.collation import BatchOrder
from xling.data.text import balanced, deduplicate, hold_out
from xling.files import write_atomically
from xling.training.checkpoints import Checkpoints
from xling.training.loop import Outcome, fit
from xling.training.mlm import corpus_pieces, encode_lines, mask_pieces
from xling.training.reporting import Bar, Log, Several
from xling.training.specs import TrainingSettings
from xling.vocabulary.replacing import replace
from xling.vocabulary.trimming import trim

QUESTION, LONGEST, HELD = "own-base", 128, 40
ENGLISH, PIECES, CHECKPOINTS = "eng", "pieces.json", "checkpoints"
Texts = dict[str, list[str]]


def texts_of(options: argparse.Namespace) -> Texts:
    """Return the distinct lines of each language of the card, and the English sides of other cards."""
    card = load_card(options.card)
    texts = {
        tag: list(load(card, tag, card.splits[0], data_root=options.data_root)) for tag in card.languages
    }
    for pairs in map(load_card, options.english):
        for tag in pairs.languages:
            rows = load(pairs, tag, pairs.splits[0], data_root=options.data_root)
            texts[ENGLISH] += [english for _, english in pairs_in(rows)]
    return {tag: _apart(deduplicate(lines), tag, options.data_root) for tag, lines in texts.items()}


def _apart(lines: Sequence[str], tag: str, data_root: Path | None) -> list[str]:
    scored = Apart(held_out(tag, data_root))
    return [line for line in lines if not scored.overlaps(line)]


def mixed(texts: Mapping[str, Sequence[str]], alpha: float, share: float | None, seed: int) -> list[str]:
    """Return the lines to learn from. share: that of English, or None where it is balanced as the others."""
    if share is None:
        return balanced(texts, alpha, seed=seed)
    others = balanced({tag: lines for tag, lines in texts.items() if tag != ENGLISH}, alpha, seed=seed)
    count = round(len(others) * share / (1 - share))
    return others + [texts[ENGLISH][number % len(texts[ENGLISH])] for number in range(count)]


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


def masked_model(base: Base, kept: Sequence[int], pieces: int, layers: int) -> Any:
    """Return the base's lowest layers with the rows of its table that are kept, under a new MLM head."""
    model = new_model(base, vocab_size=pieces, num_hidden_layers=layers)
    encoder = getattr(model, model.base_model_prefix)
    before = base.encoder.state_dict()
    state = {name: before[name].clone() for name in encoder.state_dict()}
    table = next(name for name in state if name.endswith("word_embeddings.weight"))
    state[table] = state[table][list(kept)]
    encoder.load_state_dict(state)
    model.tie_weights()
    return model


class Masked:
    """MLM over rows of pieces, of all weights of a model; its score is that of the rows held out."""

    higher_is_better = False

    def __init__(self, model: Any, tokenizer: Any, lines: Sequence[str], options: argparse.Namespace) -> None:
        self.model, self.tokenizer, self.seed = model, tokenizer, options.seed
        self.rows = encode_lines(tokenizer, lines, LONGEST)
        self.pieces = corpus_pieces(self.rows, tokenizer)
        self.special = torch.as_tensor(sorted(tokenizer.all_special_ids))
        self.order = BatchOrder(
            [len(row) for row in self.rows], max_tokens=options.batch_tokens, seed=options.seed
        )
        self.precision: Precision = chosen_precision("auto", "cpu")

    def passes_per_epoch(self) -> int:
        return self.order.per_epoch()

    def loss(self, number: int) -> tuple[Tensor, int]:
        """Return the mean loss of a batch in nats at masked pieces, and how many pieces it has."""
        loss, _, read = self.of([self.rows[row] for row in self.order.at(number)], number)
        return loss, read

    def of(self, rows: Sequence[Sequence[int]], number: int) -> tuple[Tensor, int, int]:
        """Return the mean loss in nats at masked pieces, how many these are, and the pieces read."""
        ids, mask = pad_rows(rows, self.tokenizer.pad_token_id)
        masked, targets = mask_pieces(
            ids,
            mask.bool() & ~torch.isin(ids, self.special),
            self.pieces,
            mask_id=self.tokenizer.mask_token_id,
            probability=0.15,
            generator=np.random.default_rng([self.seed, number]),
        )
        encoder = getattr(self.model, self.model.base_model_prefix)
        with computing_in(self.precision, "cpu"):
            states = encoder(input_ids=masked, attention_mask=mask).last_hidden_state[targets]
            head = self.model.cls if hasattr(self.model, "cls") else self.model.lm_head
            logits = head(states)
        loss = torch.nn.functional.cross_entropy(logits.float(), ids[targets])
        return loss, int(targets.sum()), int(mask.sum())

    def evaluate(self) -> None:
        """Return no score: the last weights are kept."""

    @torch.no_grad()
    def bits(self, lines: Sequence[str]) -> float:
        """Return the bits of masked pieces for each of their characters, of lines masked in one fixed way."""
        self.model.eval()
        rows = encode_lines(self.tokenizer, lines, LONGEST)
        nats, count, read = 0.0, 0, 0
        for at in range(0, len(rows), 16):
            loss, targets, pieces = self.of(rows[at : at + 16], 2**31 + at)
            nats, count, read = nats + float(loss) * targets, count + targets, read + pieces
        return nats / max(1, count) / math.log(2) * read / sum(map(len, lines))


def trained(objective: Masked, options: argparse.Namespace) -> Outcome:
    """Train all weights, or go on with that; the checkpoints stand in the base's folder until it is done."""
    model = objective.model.train()
    settings = TrainingSettings(
        steps=options.steps,
        learning_rate=options.rate,
        warmup_fraction=0.06,
        weight_decay=0.01,
        checkpoint_every=200,
    )
    parameters = dict(model.named_parameters())
    head = [name for name in parameters if not name.startswith(model.base_model_prefix)]
    told = {name: value for name, value in vars(options).items() if name not in _PLACES}
    return fit(
        objective,
        parameters,
        settings,
        seed=options.seed,
        checkpoints=Checkpoints(options.out / CHECKPOINTS, {"making": told}),
        reporter=Several([Bar(QUESTION), Log(options.out / "log.jsonl", QUESTION)]),
        paces={name: options.head_pace for name in head},
    )


_PLACES = ("out", "data_root", "results", "threads")


def made(options: argparse.Namespace) -> Row:
    """Make the base; returns the row of what it predicts."""
    base, texts = load_base(options.base), texts_of(options)
    rest, held = held_by_language(texts, options.seed)
    learned = {tag: lines for tag, lines in rest.items() if tag not in options.leave_out}
    lines = mixed(learned, options.alpha, options.share, options.seed)
    if options.layers:
        pieces = once(options.out / PIECES, lambda: replace(base, lines, options.size).tokenizer)
        tokenizer = tokenizer_from(pieces, base.tokenizer)
        model = small_model(base, len(tokenizer), options.layers, options.width)
    else:
        draft = trim(base, [line for lines in texts.values() for line in lines])
        tokenizer = tokenizer_from(draft.tokenizer, base.tokenizer)
        model = masked_model(base, draft.kept, len(tokenizer), options.keep or base.shape.layers)
    objective = Masked(model, tokenizer, lines, options)
    outcome = trained(objective, options)
    objective.model.save_pretrained(options.out)
    tokenizer.save_pretrained(options.out)
    return {
        "question": QUESTION,
        "setting": f"{outcome.steps} steps at {options.rate:g}",
        "encoder": encoder_of(options),
        "left out": options.leave_out,
        "share of English": options.share,
        "passes": round(outcome.steps / objective.passes_per_epoch(), 2),
        "bits a character": {tag: round(objective.bits(lines), 3) for tag, lines in held.items()},
        "pieces": len(tokenizer),
        "threads": options.threads,
        "precision": objective.precision,
        "base": options.base,
        **here(),
    }


def encoder_of(options: argparse.Namespace) -> str:
    """Return what the encoder was before it was trained, in words."""
    if options.layers:
        return f"{options.layers} x {options.width}, new"
    return f"the base's lowest {options.keep}, trained on" if options.keep else "the base's, trained on"


def once(path: Path, make: Callable[[], str]) -> str:
    """Return a text that an earlier run has written, or else make and write it."""
    if not path.is_file():
        write_atomically(path, make().encode())
    return path.read_text("utf-8")


def held_by_language(texts: Mapping[str, list[str]], seed: int) -> tuple[Texts, Texts]:
    """Return the lines of each language to learn from, and those held out of it."""
    rest, held = {}, {}
    for tag, lines in texts.items():
        rest[tag], held[tag] = hold_out(lines, HELD, seed)
    return rest, held


def main() -> None:
    """Train, save, append, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--base", default="embedded:multilingual-e5-small")
    parser.add_argument("--card", default="mlm_text")
    parser.add_argument("--english", nargs="*", default=[], help="cards of pairs, whose English is learned")
    parser.add_argument("--share", type=float, help="of English among the lines; balanced if left out")
    parser.add_argument("--data-root", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="the folder of the new base")
    parser.add_argument("--leave-out", nargs="*", default=["bam", "kin"])
    parser.add_argument("--layers", type=int, default=0, help="of a new encoder; 0 trains the base's on")
    parser.add_argument(
        "--keep", type=int, help="how many of the base's layers are trained on; all if left out"
    )
    parser.add_argument("--width", type=int, default=256, help="of a new encoder")
    parser.add_argument("--size", type=int, default=16000, help="how many pieces a new encoder has")
    parser.add_argument("--steps", type=int, default=4500)
    parser.add_argument("--rate", type=float, default=2e-4)
    parser.add_argument("--head-pace", type=float, default=5.0, help="how much faster the new head learns")
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


if __name__ == "__main__":
    main()
