"""The speed peer: the library `adapters` trains its own MLM language adapter on batches made beforehand.

Runs in an environment of its own, since that library pins transformers:

    python -m venv peer && peer/bin/pip install "torch==2.13.0" "adapters==1.3.0"
    peer/bin/python benchmarks/peer_mlm_adapters.py --model FOLDER --batches FILE.npz

The batches (`ids/N`, `mask/N`, `labels/N` with -100 where nothing is predicted) come from `mlm_speed.py`, so
both sides read the same pieces under the same masks. The training is what the library does by itself:
`adapters.init` on a transformers masked-LM model, `seq_bn_inv` with reduction factor 2, `train_adapter` (base
frozen, the head's dense and norm trained, decoder and its bias frozen), logits at every position, float32,
AdamW, gradients clipped to norm 1. A base without a masked-LM head gets an untrained one with the decoder
tied to the input embeddings: for speed its values do not matter. Prints one line of JSON.
"""

# pyright: reportMissingImports=false

from __future__ import annotations

import argparse
import json
import resource
import time
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

ADAPTER = "language"
LEARNING_RATE = 1e-4

Batch = dict[str, Tensor]


def read_batches(path: str) -> list[Batch]:
    """The batches of a file, in their order."""
    names = {"ids": "input_ids", "mask": "attention_mask", "labels": "labels"}
    with np.load(path) as file:
        count = sum(name.startswith("ids/") for name in file.files)
        return [
            {ours: torch.from_numpy(file[f"{short}/{number}"]).long() for short, ours in names.items()}
            for number in range(count)
        ]


def language_adapter_model(folder: str) -> nn.Module:
    """The masked-LM model with one language adapter in training, and nothing else of the encoder."""
    import adapters
    from transformers import AutoModelForMaskedLM

    model: Any = AutoModelForMaskedLM.from_pretrained(folder, dtype=torch.float32)
    tied = model.get_output_embeddings().weight is model.get_input_embeddings().weight
    if not tied:
        raise SystemExit("the decoder is not the table of input embeddings")
    adapters.init(model)
    model.add_adapter(ADAPTER, config=adapters.SeqBnInvConfig(reduction_factor=2))
    model.train_adapter(ADAPTER)
    return model


def train(model: nn.Module, batches: list[Batch], *, steps: int, warmup: int) -> dict[str, Any]:
    """Warm up, then time `steps` optimizer steps; the batches go round when they run out."""
    trained = [value for value in model.parameters() if value.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=LEARNING_RATE, weight_decay=0.0)
    tokens, losses = 0, []
    started, worked = time.perf_counter(), time.process_time()
    for step in range(warmup + steps):
        if step == warmup:
            tokens, started, worked = 0, time.perf_counter(), time.process_time()
        batch = batches[step % len(batches)]
        loss = model(**batch).loss
        loss.backward()
        nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(loss.item())
        tokens += int(batch["attention_mask"].sum())
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - worked
    return {
        "tokens": tokens,
        "seconds": round(seconds, 3),
        "cpu_seconds": round(cpu_seconds, 3),
        "tokens_per_second": round(tokens / seconds, 1),
        "steps": steps,
        "loss_first": round(losses[0], 4),
        "loss_last": round(losses[-1], 4),
        "trained_parameters": sum(value.numel() for value in trained),
    }


def main() -> None:
    """Read the batches, train, print the speed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", required=True, help="a transformers folder or Hub id")
    parser.add_argument("--batches", required=True, help="the .npz file of batches")
    parser.add_argument("--threads", type=int, default=0, help="0: as torch chooses")
    parser.add_argument("--warmup", type=int, default=2, help="steps that are not timed")
    parser.add_argument("--steps", type=int, default=10, help="steps that are timed")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    model = language_adapter_model(options.model)
    found = train(model, read_batches(options.batches), steps=options.steps, warmup=options.warmup)
    found["threads"] = torch.get_num_threads()
    found["peak_rss_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10)
    found["versions"] = versions()
    print(json.dumps(found))


def versions() -> dict[str, str]:
    """Of the libraries that do the work."""
    import adapters
    import transformers

    return {library.__name__: str(library.__version__) for library in (adapters, transformers, torch)}


if __name__ == "__main__":
    main()
