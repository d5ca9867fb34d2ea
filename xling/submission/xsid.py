"""SID4LR (VarDial 2023) and NorSID (VarDial 2025), on xSID: the test file with intents and slots filled in.

Comments are kept. Rows are `index<TAB>token<TAB>intent<TAB>slot`, as in mainlp/xsid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from xling.data.bio import is_bio
from xling.data.line_stream import read_lines
from xling.data.place import Place
from xling.data.xsid import COMMENT, Block, blocks_of
from xling.errors import InputError
from xling.submission.aligning import by_id, by_order, checked_tags, other_tokens, tag_fault
from xling.submission.submission import (
    Predicted,
    Predictions,
    SharedTask,
    accuracy,
    quoted,
    span_f1,
    xsid_figure,
)

INTENTS = (
    "AddToPlaylist", "BookRestaurant", "GetWeather", "PlayMusic", "RateBook", "SearchCreativeWork",
    "SearchScreeningEvent", "alarm/cancel_alarm", "alarm/modify_alarm", "alarm/set_alarm",
    "alarm/show_alarms", "alarm/snooze_alarm", "alarm/time_left_on_alarm", "reminder/cancel_reminder",
    "reminder/set_reminder", "reminder/show_reminders", "weather/checkSunrise", "weather/checkSunset",
    "weather/find",
)  # fmt: skip
SLOTS = (
    "alarm/alarm_modifier", "album", "artist", "best_rating", "condition_description",
    "condition_temperature", "cuisine", "datetime", "entity_name", "facility", "genre", "location",
    "movie_name", "movie_type", "music_item", "negation", "news/type", "object_location_type", "object_name",
    "object_part_of_series_type", "object_select", "object_type", "party_size_description",
    "party_size_number", "playlist", "rating_unit", "rating_value", "recurring_datetime", "reference",
    "reference-part", "reminder/reminder_modifier", "reminder/todo", "restaurant_name", "restaurant_type",
    "served_dish", "service", "sort", "timer/attributes", "track", "weather/attribute",
    "weather/temperatureUnit",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class GoldUtterance:
    """An utterance of a file, with line indices from 0.

    rows: the line indices of its tokens.
    intent: the line index of the comment that names its intent, or None.
    slots: the fourth column; empty texts where there is none.
    spoken: its intent by the comment, else by the third column; empty if neither has one.
    """

    file: str
    rows: tuple[int, ...]
    intent: int | None
    id: str | None
    tokens: tuple[str, ...]
    slots: tuple[str, ...]
    spoken: str

    @property
    def place(self) -> str:
        """The file and line of the first token, as error messages name them."""
        return f"{self.file}:{self.rows[0] + 1}"


def write(test: Path, predictions: Predictions, code: str) -> bytes:
    """Return the submission file: the lines of the test file with predicted intents and slots."""
    lines = read_lines(test)
    blocks = utterances(lines, test)
    intents, slots = _sets(blocks)
    for block, row in zip(blocks, _aligned(blocks, predictions), strict=True):
        tags = checked_tags(row, len(block.rows), slots)
        intent = row.choice("intent", intents)
        for place, tag in zip(block.rows, tags, strict=True):
            index, token = lines[place].split("\t")[:2]
            lines[place] = "\t".join([index, token, intent, tag])
        if block.intent is None:  # the organisers' script reads the intent from its comment alone
            first = block.rows[0]
            lines[first] = f"{with_intent('# intent =', intent)}\n{lines[first]}"
        else:
            lines[block.intent] = with_intent(lines[block.intent], intent)
    end = "\n" if lines[-1].strip() else ""  # that script needs a blank line after an utterance
    return ("\n".join(lines) + "\n" + end).encode("utf-8")


def validate(name: str, data: bytes, test: Path) -> int:
    """Check that only intents and slots differ from the test file; return the number of utterances.

    Raises InputError for the first fault. Each utterance needs one known intent and well-formed slots.
    """
    lines, before = data.decode("utf-8").removesuffix("\n").split("\n"), read_lines(test)
    intents, slots = _sets(utterances(before, test))
    found = utterances(lines, Path(name))
    if lines[-1].strip():
        raise InputError("no blank line after the last utterance", where=name, line=len(lines))
    if _kept(lines) != _kept([*before, ""] if before[-1].strip() else before):
        raise InputError(f"comments, indices or tokens are not those of {test.name}", where=name)
    for block in found:
        rows = [lines[place].split("\t") for place in block.rows]
        spoken = {cells[2] for cells in rows if len(cells) == 4}
        if block.intent is None or spoken != {block.spoken} or any(len(cells) != 4 for cells in rows):
            problem = "the rows do not all have four columns and the intent of the comment"
            raise InputError(problem, where=name, line=block.rows[0] + 1)
        if block.spoken not in intents:
            problem = f"the intent {quoted(block.spoken)} is none of the task's"
            raise InputError(problem, where=name, line=block.intent + 1)
        fault = tag_fault([cells[3] for cells in rows], slots)
        if fault is not None:
            raise InputError(f"the slot {fault[1]}", where=name, line=block.rows[fault[0]] + 1)
    return len(found)


def score(data: bytes, test: Path) -> dict[str, float]:
    """Return the accuracy of intents and two F1 scores of spans, or an empty mapping without gold labels.

    `span_f1` counts exact spans; `xsid_compatible_f1` counts as the xSID repository's script does.
    """
    gold = utterances(read_lines(test), test)
    if not _is_gold(gold):
        return {}
    found = utterances(data.decode("utf-8").split("\n"), Path(test.name))
    right, own = [block.slots for block in gold], [block.slots for block in found]
    return {
        "intent_accuracy": accuracy([block.spoken for block in gold], [block.spoken for block in found]),
        "span_f1": span_f1(right, own),
        "xsid_compatible_f1": xsid_figure(right, own),
    }


def _aligned(blocks: Sequence[GoldUtterance], predictions: Predictions) -> list[Predicted]:
    """Return the prediction of each utterance, by id if every utterance has its own.

    Some published files lack ids. Their predictions are matched by order, and the tokens are compared. So are
    predictions that are numbered from "0", by a reader that knows no ids.
    """
    ids = {block.id for block in blocks}
    numbered = predictions.rows[0].id == "0" and "0" not in ids
    if None not in ids and len(ids) == len(blocks) and not numbered:
        return by_id(blocks, predictions, _other_utterance)
    return by_order(blocks, predictions, _other_utterance, ids_count=numbered or ids == {None})


def _other_utterance(block: GoldUtterance, row: Predicted) -> str | None:
    return other_tokens(block.tokens, row)


def _is_gold(blocks: Sequence[GoldUtterance]) -> bool:
    """Return whether a file has gold labels: every slot is BIO, some are spans, and every intent is given."""
    told = all(block.spoken for block in blocks)
    every = [tag for block in blocks for tag in block.slots]
    return told and all(map(is_bio, every)) and set(every) != {"O"}


def _sets(blocks: Sequence[GoldUtterance]) -> tuple[tuple[str, ...], set[str]]:
    """Return the intents and the slot types: those of xSID and those of the gold labels."""
    if not _is_gold(blocks):
        return INTENTS, set(SLOTS)
    types = {tag[2:] for block in blocks for tag in block.slots if tag != "O"}
    return tuple(dict.fromkeys([*INTENTS, *(block.spoken for block in blocks)])), {*SLOTS, *types}


def _kept(lines: Sequence[str]) -> list[str]:
    """Return what a submission keeps of a test file: all but intent comments and labels."""
    rows = ["\t".join(line.split("\t")[:2]) if not line.startswith("#") else line for line in lines]
    return [row for row in rows if intent_comment(row) is None]


def utterances(lines: Sequence[str], path: Path) -> list[GoldUtterance]:
    """Return every utterance of a file, as `xling.data.xsid.blocks_of` reads them.

    Raises InputError with file and line also for an utterance with two comments on its intent.
    """
    return [_utterance(block, path) for block in blocks_of(lines, path)]


def intent_comment(line: str) -> str | None:
    """Return the intent in a comment, an empty text if it names none, or None for any other line."""
    match = COMMENT.fullmatch(line)
    return match[3].strip() if match and match[1] == "intent" else None


def with_intent(comment: str, intent: str) -> str:
    """Return an intent comment with another intent, in the same notation."""
    match = COMMENT.fullmatch(comment)
    return f"{comment[: match.start(2)]}{match[2] or ' '}{intent}" if match else comment


def _utterance(block: Block, path: Path) -> GoldUtterance:
    columns = [cells for _, cells in block.rows]
    intents = block.told("intent")
    if len(intents) > 1:
        raise intents[1][0].fault("a second intent of one utterance", hint="keep one")
    told = [value for _, value in intents if value]
    return GoldUtterance(
        file=path.name,
        rows=tuple(_index(place) for place, _ in block.rows),
        intent=_index(intents[0][0]) if intents else None,
        id=block.id,
        tokens=tuple(cells[1] for cells in columns),
        slots=tuple(cells[3] if len(cells) > 3 else "" for cells in columns),
        spoken=[*told, *(cells[2] for cells in columns if len(cells) > 2), ""][0],
    )


def _index(place: Place) -> int:
    return (place.line or 0) - 1


TASK = SharedTask(write=write, validate=validate, score=score)
