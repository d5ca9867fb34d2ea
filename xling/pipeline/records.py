"""The record of a stage in its folder: what is made there and, once it is finished, what that cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json

from xling.evaluation.results import LOG, StageRow
from xling.files import write_json
from xling.makers.stage import Data, Stage
from xling.modules.module import FACTS, WEIGHTS, Module
from xling.pipeline.damaged import check_rows, check_weights, damaged
from xling.places import LOCK, names_in, strangers_in
from xling.store.store import CARD, is_card
from xling.tasks.reading import read_labelled
from xling.training.checkpoints import check_same, steps_in

Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
RECORD, CHECKPOINTS, PROJECTED = "stage.json", "checkpoints", "projected.jsonl"


class Costs(BaseModel):
    """What a stage cost: the time, the pieces read in training, and the peak memory in MB of the run."""

    model_config = ConfigDict(frozen=True)
    seconds: float = 0.0
    tokens: int = 0
    peak_rss_mb: float = 0.0


class Record(BaseModel):
    """A record. Beside these fields it has the facts that identify the stage.

    Without costs, the stage is being made, or was interrupted.
    """

    model_config = ConfigDict(frozen=True, extra="allow")
    name: str
    seconds: Amount | None = None
    tokens: Annotated[int, Field(ge=0)] | None = None
    peak_rss_mb: Amount | None = None

    @classmethod
    def of(cls, folder: Path) -> Record | None:
        """Return a folder's record, or None if it has none. Raises InputError when it cannot be read."""
        path = folder / RECORD
        if not path.is_file():
            return None
        try:
            return cls.model_validate_json(path.read_bytes())
        except (ValidationError, OSError) as error:
            raise damaged(path, "this stage's record") from error


@dataclass(frozen=True, kw_only=True)
class Done:
    """A finished stage.

    costs: those of the run that made it.
    cached: whether the stage was already done.
    """

    name: str
    folder: Path
    costs: Costs = Costs()
    cached: bool = False

    @property
    def module(self) -> Module:
        """The module that the stage made, read from its folder."""
        return Module.load(self.folder)

    @property
    def files(self) -> list[Path]:
        """The files of the module that it made: all in its folder but the record and the log."""
        found = (own for own in self.folder.iterdir() if own.is_file() and not own.name.startswith("."))
        return sorted(own for own in found if own.name not in (RECORD, LOG))

    def projected(self, stage: Stage) -> Data:
        """Return the examples that a projection made, with the card and licence of its pairs.

        The modules that the projection depends on must already be made.
        """
        path = self.folder / PROJECTED
        rows = read_labelled(path, task=str(stage.task), language=stage.language, format="jsonl")
        return replace(stage.given("pairs"), rows=rows, descent=stage.descent)

    def row(self, key: str) -> StageRow:
        """Return the stage as a row of `results.json`."""
        own = self.costs
        speed = round(own.tokens / own.seconds, 1) if own.tokens and own.seconds else None
        return StageRow(
            name=self.name,
            key=key,
            seconds=round(own.seconds, 2),
            tokens_per_second=speed,
            peak_rss_mb=round(own.peak_rss_mb, 1),
            cached=self.cached,
        )


@contextmanager
def begun(stage: Stage, wanted: Mapping[str, Any], folder: Path) -> Iterator[None]:
    """Write the record of a stage that is being made; withdraw it when the stage fails before it has begun.

    wanted: the facts that identify the stage.
    """
    write_json(folder / RECORD, {"name": stage.name, **wanted})
    try:
        yield
    except BaseException:
        if {own.name for own in folder.iterdir()} <= {RECORD, LOCK}:
            (folder / RECORD).unlink(missing_ok=True)
        raise


def finish(stage: Stage, wanted: Mapping[str, Any], folder: Path, costs: Costs) -> Done:
    """Write the record of a finished stage. wanted: the facts that identify it."""
    write_json(folder / RECORD, {"name": stage.name, **wanted, **costs.model_dump()})
    return Done(name=stage.name, folder=folder, costs=costs)


def finished(stage: Stage, folder: Path, made: str = WEIGHTS) -> Done | None:
    """Return the finished stage that a folder's record describes, or None if it is not done.

    made: the name of the file that the stage makes.

    Raises InputError when the record, or what was made, is damaged or cut short.
    """
    record = Record.of(folder)
    if record is None or record.seconds is None or not (folder / made).is_file():
        return None
    if made == WEIGHTS:
        check_weights(folder / made)
    else:
        check_rows(folder / made, [own.id for own in stage.rows("test")])
    costs = Costs(seconds=record.seconds, tokens=record.tokens or 0, peak_rss_mb=record.peak_rss_mb or 0.0)
    return Done(name=stage.name, folder=folder, costs=costs, cached=True)


def kept(stage: Stage, wanted: Mapping[str, Any], folder: Path, made: str = WEIGHTS) -> Done | None:
    """Return the finished stage that a folder holds, or None if it is not finished.

    wanted: the facts that identify it.

    Raises InputError when something else is, or was to be, made there.
    """
    record = Record.of(folder)
    if record is None:
        return _without_record(stage, wanted, folder)
    check_same(stage.completed(record.model_extra or {}), wanted, folder)
    return finished(stage, folder, made)


def check_ours(folder: Path) -> None:
    """Raise InputError unless a folder is empty, or holds a record or a module, and nothing in place of ours.

    The names are read once: meanwhile another process may begin there, with the record.
    """
    names = names_in(folder)
    if RECORD in names:
        Record.of(folder)
    elif WEIGHTS in names:
        Module.load(folder)
    elif names:
        raise strangers_in(folder, names)
    if strange := [name for name in (CARD, FACTS) if name in names and not written_by_us(folder / name)]:
        raise strangers_in(folder, strange)


def written_by_us(path: Path) -> bool:
    """Return whether a file of one of the names in `OURS` has what xling writes under that name."""
    return path.is_file() and OURS[path.name](path.read_bytes())


def _keys(data: bytes) -> Any:
    """Return the keys of a JSON object; there are none in anything else."""
    with suppress(ValueError):
        found = from_json(data)
        return found if isinstance(found, dict) else {}
    return {}


OURS: Mapping[str, Callable[[bytes], bool]] = {
    FACTS: lambda data: "parts" in _keys(data),
    CARD: is_card,
    RECORD: lambda data: "making" in _keys(data),
    LOG: lambda data: "step" in _keys(data.partition(b"\n")[0]),
    LOCK: lambda data: not data,
}


def _without_record(stage: Stage, wanted: Mapping[str, Any], folder: Path) -> Done | None:
    """Return a stage whose module has no record: a published one, or one that an earlier version left.

    Returns None for a module that was not completely written.

    Raises InputError when the module was made otherwise.
    """
    if not (folder / WEIGHTS).is_file():
        return None
    check_same(stage.completed(Module.load(folder).described()), wanted, folder)
    whole = (folder / FACTS).is_file() and not steps_in(folder / CHECKPOINTS)
    return Done(name=stage.name, folder=folder, cached=True) if whole else None
