"""Small checkpoints: the trained tensors, the best ones so far, the optimizer's state, and one JSON text.

A checkpoint is one safetensors file whose metadata holds the JSON. It is written atomically, so a process
that is killed while writing leaves the previous checkpoint intact. No random state is stored, because every
random choice is a function of (seed, step). A checkpoint of another training in the same folder is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import torch
from pydantic import BaseModel, Field, model_validator
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from xling.errors import InputError
from xling.files import write_atomically

NOBODY: Mapping[str, Any] = {}
_KEPT = 2
_STEP = re.compile(r"\.?step-\d+\.safetensors(\..*)?")
_MOMENTS = ("exp_avg", "exp_avg_sq")
_MOST_TOLD = 4


@dataclass(kw_only=True)
class Progress:
    """How far a run has come.

    best: the trained tensors at the best held-out score so far, by parameter name.
    """

    steps: int
    step: int = 0
    best_step: int = 0
    best_score: float | None = None
    best: dict[str, Tensor] = field(default_factory=dict)

    def offer(
        self, score: float | None, parameters: Mapping[str, nn.Parameter], *, higher_is_better: bool
    ) -> None:
        """Store the current values if their score beats the best so far; a tie keeps the earlier values."""
        if score is None:
            return
        sign = 1 if higher_is_better else -1
        if self.best_score is None or sign * score > sign * self.best_score:
            self.best_step, self.best_score = self.step, score
            self.best = {name: value.detach().clone() for name, value in parameters.items()}

    def put_best(self, parameters: Mapping[str, nn.Parameter]) -> None:
        """Copy the best values into the parameters. If no score was ever taken, the last values stay."""
        if not self.best:
            self.best_step = self.step
        with torch.no_grad():
            for name, value in self.best.items():
                parameters[name].copy_(value)


class _Facts(BaseModel):
    """The JSON of a checkpoint.

    updates: how often a parameter was changed, by name, where it was not in every step.
    """

    steps: Annotated[int, Field(gt=0)]
    step: Annotated[int, Field(ge=0)]
    best_step: Annotated[int, Field(ge=0)]
    best_score: float | None
    threads: int = 0
    updates: dict[str, Annotated[int, Field(ge=0)]] = {}
    whose: dict[str, Any] = {}

    @model_validator(mode="after")
    def _in_order(self) -> _Facts:
        if not self.best_step <= self.step <= self.steps:
            raise ValueError("the steps are not in order")
        return self


def steps_in(folder: Path) -> list[Path]:
    """Return the checkpoints at and below a folder, also half-written ones. Links are not followed."""
    if folder.is_symlink():
        return []
    return [path for path in folder.rglob("*") if _STEP.fullmatch(path.name) and path.is_file()]


class Checkpoints:
    """The checkpoints of one run in one folder. If the folder is None, nothing is saved.

    whose: facts that identify the training. Checkpoints with other facts are refused.
    """

    def __init__(self, folder: Path | None, whose: Mapping[str, Any] = NOBODY) -> None:
        self.folder, self.whose = folder, json.loads(json.dumps(dict(whose)))

    def save(
        self, progress: Progress, parameters: Mapping[str, nn.Parameter], optimizer: torch.optim.Optimizer
    ) -> None:
        """Write one checkpoint, then delete all but the last two."""
        if self.folder is None:
            return
        tensors = {f"value/{name}": value.detach().cpu() for name, value in parameters.items()}
        tensors |= {f"best/{name}": value.cpu() for name, value in progress.best.items()}
        updates: dict[str, int] = {}
        for name, value in parameters.items():
            state = optimizer.state.get(value, {})
            tensors |= {f"{moment}/{name}": state[moment].cpu() for moment in _MOMENTS if moment in state}
            if state and int(state["step"]) != progress.step:
                updates[name] = int(state["step"])
        facts = {
            "step": progress.step,
            "steps": progress.steps,
            "best_step": progress.best_step,
            "best_score": progress.best_score,
            "threads": torch.get_num_threads(),
            "updates": updates,
            "whose": self.whose,
        }
        data = save({k: v.contiguous() for k, v in tensors.items()}, metadata={"progress": json.dumps(facts)})
        write_atomically(self.folder / f"step-{progress.step:08d}.safetensors", data)
        for old in self._files()[:-_KEPT]:
            old.unlink(missing_ok=True)

    def restore(
        self, parameters: Mapping[str, nn.Parameter], optimizer: torch.optim.Optimizer
    ) -> Progress | None:
        """Load the newest readable checkpoint into the parameters and the optimizer, or return None.

        Raises InputError when the checkpoint belongs to another training.
        """
        if self.folder is None:
            return None
        for leftover in self.folder.glob(".step-*"):
            leftover.unlink(missing_ok=True)
        for path in reversed(self._files()):
            try:
                with safe_open(str(path), framework="pt") as file:
                    facts = _Facts.model_validate_json(file.metadata()["progress"])
                    tensors = {name: file.get_tensor(name) for name in file.keys()}
            except (SafetensorError, OSError, KeyError, TypeError, ValueError):
                continue
            check_same(facts.whose, self.whose, path.parent)
            return _restore(facts, tensors, parameters, optimizer, path)
        return None

    def clear(self) -> None:
        """Delete every checkpoint, because the run is finished."""
        if self.folder is not None and self.folder.is_dir():
            for path in (*self._files(), *self.folder.glob(".step-*")):
                path.unlink(missing_ok=True)
            if not any(self.folder.iterdir()):
                self.folder.rmdir()

    def _files(self) -> list[Path]:
        assert self.folder is not None
        return sorted(self.folder.glob("step-*.safetensors"))


def _restore(
    facts: _Facts,
    tensors: Mapping[str, Tensor],
    parameters: Mapping[str, nn.Parameter],
    optimizer: torch.optim.Optimizer,
    path: Path,
) -> Progress:
    values = {name.removeprefix("value/") for name in tensors if name.startswith("value/")}
    alike = all(_like(value, name, parameters) for name, value in tensors.items())
    if values != set(parameters) or not alike:
        raise InputError("this checkpoint is of another run", where=path, hint="start over with --fresh")
    best = {}
    with torch.no_grad():
        for name, value in parameters.items():
            value.copy_(tensors[f"value/{name}"])
            moments = {
                key: tensors[f"{key}/{name}"].to(value.device)
                for key in _MOMENTS
                if f"{key}/{name}" in tensors
            }
            if moments:
                step = torch.tensor(float(facts.updates.get(name, facts.step)))
                optimizer.state[value] = {"step": step, **moments}
            if f"best/{name}" in tensors:
                best[name] = tensors[f"best/{name}"].to(value.device)
    return Progress(
        steps=facts.steps,
        step=facts.step,
        best_step=facts.best_step,
        best_score=facts.best_score,
        best=best,
    )


def _like(value: Tensor, name: str, parameters: Mapping[str, nn.Parameter]) -> bool:
    """Return whether a stored tensor has the shape and the type of the parameter that it is of."""
    own = parameters.get(name.partition("/")[2])
    return own is None or (value.shape == own.shape and value.is_floating_point() == own.is_floating_point())


def check_same(there: Mapping[str, Any], wanted: Mapping[str, Any], where: Path) -> None:
    """Raise InputError when two descriptions are not of the same module.

    Facts that only one of them has are ignored, because modules of earlier versions do not record how they
    were trained. Inside a fact, such as the settings, a missing key counts as a difference.
    """
    said = {key: value for key, value in there.items() if value != {}}
    found = list(_differences(said, wanted))
    if found:
        more = f" and {len(found) - _MOST_TOLD} more" if len(found) > _MOST_TOLD else ""
        raise InputError(
            f"a module that was made otherwise is here: {'; '.join(found[:_MOST_TOLD])}{more}",
            where=where,
            hint="start over with --fresh, or name another --out",
        )


def _differences(there: Mapping[str, Any], here: Mapping[str, Any], path: str = "") -> Iterator[str]:
    for key in sorted(here.keys() & there.keys()):
        name, old, new = f"{path}{key}", there[key], here[key]
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            absent = sorted(old.keys() ^ new.keys())
            yield from (_difference(f"{name}.{inner}", old.get(inner), new.get(inner)) for inner in absent)
            yield from _differences(old, new, f"{name}.")
        elif old != new:
            yield _difference(name, old, new)


def _difference(name: str, old: Any, new: Any) -> str:
    name = name.removeprefix("making.")
    if any(str(value).startswith("sha256:") for value in (old, new)):
        return f"{name} differs"
    return f"{name} was {old}, now {new}"
