"""SID4LR (VarDial 2023) and NorSID (VarDial 2025), on xSID: the test file with intents and slots filled in.

Comments are kept. Rows are `index<TAB>token<TAB>intent<TAB>slot`, as in mainlp/xsid.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from xling.data.bio import is_bio
from xling.data.textfile import read_lines
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
# Version 0.4 writes `# intent: X`, later versions `# intent = X`, and files without labels `# intent =`.
_INTENT = re.compile(r"#\s*intent\s*[=:](\s*)(.*)")
_ID = re.compile(r"#\s*id\s*[=:]\s*(.*)")


@dataclass(frozen=True, kw_only=True)
class Block:
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
    blocks = blocks_of(lines, test)
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
    intents, slots = _sets(blocks_of(before, test))
    found = blocks_of(lines, Path(name))
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
        fault = tag_fault(block.slots, slots)
        if fault is not None:
            raise InputError(f"the slot {fault[1]}", where=name, line=block.rows[fault[0]] + 1)
    return len(found)


def score(data: bytes, test: Path) -> dict[str, float]:
    """Return the accuracy of intents and two F1 scores of spans, or an empty mapping without gold labels.

    `span_f1` counts exact spans; `xsid_compatible_f1` counts as the xSID repository's script does.
    """
    gold = blocks_of(read_lines(test), test)
    if not _is_gold(gold):
        return {}
    found = blocks_of(data.decode("utf-8").split("\n"), Path(test.name))
    right, own = [block.slots for block in gold], [block.slots for block in found]
    return {
        "intent_accuracy": accuracy([block.spoken for block in gold], [block.spoken for block in found]),
        "span_f1": span_f1(right, own),
        "xsid_compatible_f1": xsid_figure(right, own),
    }


def _aligned(blocks: Sequence[Block], predictions: Predictions) -> list[Predicted]:
    """Return the prediction of each utterance, by id if every utterance has its own.

    Some published files lack ids. Their predictions are matched by order, and the tokens are compared. So are
    predictions that are numbered from "0", by a reader that knows no ids.
    """
    ids = {block.id for block in blocks}
    numbered = predictions.rows[0].id == "0" and "0" not in ids
    if None not in ids and len(ids) == len(blocks) and not numbered:
        return by_id(blocks, predictions, _other_utterance)
    return by_order(blocks, predictions, _other_utterance, ids_count=numbered or ids == {None})


def _other_utterance(block: Block, row: Predicted) -> str | None:
    return other_tokens(block.tokens, row)


def _is_gold(blocks: Sequence[Block]) -> bool:
    """Return whether a file has gold labels: every slot is BIO, some are spans, and every intent is given."""
    told = all(block.spoken for block in blocks)
    every = [tag for block in blocks for tag in block.slots]
    return told and all(map(is_bio, every)) and set(every) != {"O"}


def _sets(blocks: Sequence[Block]) -> tuple[tuple[str, ...], set[str]]:
    """Return the intents and the slot types: those of xSID and those of the gold labels."""
    if not _is_gold(blocks):
        return INTENTS, set(SLOTS)
    types = {tag[2:] for block in blocks for tag in block.slots if tag != "O"}
    return tuple(dict.fromkeys([*INTENTS, *(block.spoken for block in blocks)])), {*SLOTS, *types}


def _kept(lines: Sequence[str]) -> list[str]:
    """Return what a submission keeps of a test file: all but intent comments and labels."""
    rows = ["\t".join(line.split("\t")[:2]) if not line.startswith("#") else line for line in lines]
    return [row for row in rows if intent_comment(row) is None]


def blocks_of(lines: Sequence[str], path: Path) -> list[Block]:
    """Return every utterance of a file. Comments without tokens are not utterances.

    Raises InputError with file and line for a row without index and token, and for an utterance with two
    intents; also when there is no utterance.
    """
    filled = groupby(enumerate(lines), key=lambda numbered: bool(numbered[1].strip()))
    blocks = [_block([place for place, _ in run], lines, path) for full, run in filled if full]
    found = [block for block in blocks if block.rows]
    if not found:
        raise InputError("no utterance in this file", where=path, hint="give the participants' test file")
    return found


def intent_comment(line: str) -> str | None:
    """Return the intent in a comment, an empty text if it names none, or None for any other line."""
    match = _INTENT.fullmatch(line)
    return match[2].strip() if match else None


def with_intent(comment: str, intent: str) -> str:
    """Return an intent comment with another intent, in the same notation."""
    match = _INTENT.fullmatch(comment)
    return f"{comment[: match.start(1)]}{match[1] or ' '}{intent}" if match else comment


def _block(places: Sequence[int], lines: Sequence[str], path: Path) -> Block:
    rows = [place for place in places if not lines[place].startswith("#")]
    intents = [place for place in places if intent_comment(lines[place]) is not None]
    if len(intents) > 1:
        raise InputError("a second intent of one utterance", where=path, line=intents[1] + 1, hint="keep one")
    columns = [_columns(lines[place], path, place + 1) for place in rows]
    ids = [match[1].strip() for place in places if (match := _ID.fullmatch(lines[place]))]
    told = intent_comment(lines[intents[0]]) if intents else None
    return Block(
        file=path.name,
        rows=tuple(rows),
        intent=intents[0] if intents else None,
        id=ids[0] if ids and ids[0] else None,
        tokens=tuple(cells[1].strip(" ") for cells in columns),
        slots=tuple(cells[3] if len(cells) > 3 else "" for cells in columns),
        spoken=told or next((cells[2] for cells in columns if len(cells) > 2), ""),
    )


def _columns(line: str, path: Path, number: int) -> list[str]:
    columns = line.split("\t")
    if len(columns) < 2 or not columns[0].strip().isdecimal():
        raise InputError(
            f"{quoted(line)} is neither a comment nor a row of index, tab and token",
            where=path,
            line=number,
            hint="give the participants' test file as the organisers gave it",
        )
    return columns


TASK = SharedTask(write=write, validate=validate, score=score)
