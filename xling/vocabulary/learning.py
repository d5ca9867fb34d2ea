"""Learning pieces from a text: checks of the text, unigram models, and merges of pairs."""

from __future__ import annotations

import io
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from xling.errors import InputError
from xling.languages import script
from xling.vocabulary.letters import scripts
from xling.vocabulary.pieces import algorithm, split_into_words

SIZES = (1000, 2000, 4000, 8000, 16000)
_ENOUGH = 0.03  # a doubled size must shorten the text by this share to be worth its vectors
_LONGEST = 16
_LONGEST_LINE = 1 << 20  # bytes; the trainer silently skips longer lines
_LIMIT = re.compile(r"<= ?(\d+)")
_LETTERS = re.compile(r"required_chars\D+\d+ vs (\d+)")
_FEWEST_TIMES = 2
_FEWEST_LINES = 20
_OWN_SHARE = 0.7
# codes of writing systems that combine several scripts
_TOGETHER = {
    "Jpan": {"Hira", "Kana", "Hani"},
    "Kore": {"Hang", "Hani"},
    "Hans": {"Hani"},
    "Hant": {"Hani"},
}

Pair = tuple[str, str]


def learn_unigram(lines: Sequence[str], size: int) -> list[tuple[str, float]]:
    """Learn pieces and their log probabilities (Kudo 2018) from lines that are already normalised.

    Raises InputError for a size that the text cannot support.
    """
    import sentencepiece

    out = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(lines),
            model_writer=out,
            vocab_size=size,
            model_type="unigram",
            character_coverage=1.0,
            max_sentencepiece_length=_LONGEST,
            normalization_rule_name="identity",
            max_sentence_length=_LONGEST_LINE,
            num_threads=1,
            hard_vocab_limit=True,
            minloglevel=2,
        )
    except RuntimeError as error:
        raise _cannot(size, str(error)) from error
    model = sentencepiece.SentencePieceProcessor(model_proto=out.getvalue())
    numbers = (number for number in range(len(model)) if not _special(model, number))
    return [(model.id_to_piece(number), model.get_score(number)) for number in numbers]


def learn_model(lines: Sequence[str], size: int, described: Mapping[str, Any]) -> dict[str, Any]:
    """Learn a BPE or WordPiece model, as JSON, with a tokenizer's own normaliser and pre-tokenizer.

    described: the JSON of that tokenizer. Raises InputError for a size that the text cannot support.
    """
    tokenizer = Tokenizer.from_str(json.dumps(described))
    byte_letters = pre_tokenizers.ByteLevel.alphabet() if algorithm(described) == "bytes" else []
    shared = {"vocab_size": size, "show_progress": False, "initial_alphabet": byte_letters}
    if described["model"]["type"] == "BPE":
        tokenizer.model, trainer = models.BPE(), trainers.BpeTrainer(**shared, max_token_length=_LONGEST)
    else:
        unknown = described["model"]["unk_token"]
        tokenizer.model, trainer = models.WordPiece(unk_token=unknown), trainers.WordPieceTrainer(**shared)
    tokenizer.train_from_iterator(lines, trainer)
    learned = json.loads(tokenizer.to_str())["model"]
    if len(learned["vocab"]) < size:
        raise _too_large(size, len(learned["vocab"]))
    return learned


def smallest_enough(lengths: Mapping[int, int]) -> int:
    """Return the smallest size after which a larger one shortens the text by less than 3 %.

    lengths: the number of pieces in the text for each size of vocabulary.
    """
    sizes = sorted(lengths)
    for size, larger in zip(sizes, sizes[1:], strict=False):
        if lengths[larger] > (1 - _ENOUGH) * lengths[size]:
            return size
    return sizes[-1]


def _special(model: Any, number: int) -> bool:
    return model.is_control(number) or model.is_unknown(number) or model.is_unused(number)


def _cannot(size: int, message: str) -> InputError:
    """Return the error for a size that SentencePiece rejects."""
    letters, limit = _LETTERS.search(message), _LIMIT.search(message)
    if letters is None:
        return _too_large(size, int(limit.group(1)) if limit else None)
    return InputError(
        f"{size} pieces do not cover the letters of the text",
        where="--size",
        hint=f"give at least {letters.group(1)}",
    )


def _too_large(size: int, most: int | None) -> InputError:
    hint = "give a smaller size or more text" if most is None else f"give at most {most}, or more text"
    return InputError(f"the text cannot support {size} pieces", where="--size", hint=hint)


def continue_merges(inner: Tokenizer, lines: Sequence[str], count: int) -> list[Pair]:
    """Learn at most `count` further merges, in order (Sennrich et al. 2016). Pairs seen once are left out."""
    counts = Counter(word for line in lines for word in split_into_words(inner, line))
    words = [[token.value for token in inner.model.tokenize(word)] for word in counts]
    often = list(counts.values())
    total: Counter[Pair] = Counter()
    where: defaultdict[Pair, set[int]] = defaultdict(set)
    for number, pieces in enumerate(words):
        for pair in _pairs(pieces):
            total[pair] += often[number]
            where[pair].add(number)
    merges: list[Pair] = []
    while len(merges) < count and total:
        best = max(total, key=lambda pair: (total[pair], pair))
        if total[best] < _FEWEST_TIMES:
            break
        merges.append(best)
        left, right = best
        for number in sorted(where.pop(best)):
            for pair in _pairs(words[number]):
                total[pair] -= often[number]
            words[number] = _merged(words[number], left=left, right=right)
            for pair in _pairs(words[number]):
                total[pair] += often[number]
                where[pair].add(number)
        del total[best]
    return merges


def _pairs(pieces: Sequence[str]) -> Iterator[Pair]:
    return zip(pieces, pieces[1:], strict=False)


def _merged(pieces: Sequence[str], *, left: str, right: str) -> list[str]:
    found: list[str] = []
    at = 0
    while at < len(pieces):
        if pieces[at : at + 2] == [left, right]:
            found.append(left + right)
            at += 2
        else:
            found.append(pieces[at])
            at += 1
    return found


def check_text(lines: Sequence[str], language: str, *, mixed: bool = False) -> None:
    """Raise InputError for a text that repeats itself, has no letter, or is mostly in another script.

    mixed: whether text in other scripts is intended.
    """
    different = len(set(lines))
    if different < _FEWEST_LINES:
        raise InputError(
            f"the text has {different} different lines of {len(lines)}; pieces are learned from "
            f"{_FEWEST_LINES} at least",
            where="--text",
            hint="give more text",
        )
    found = scripts(lines)
    total, own = sum(found.values()), script(language)
    if not total:
        raise InputError("the text has no letter", where="--text", hint="give text in the language")
    share = sum(found[code] for code in _TOGETHER.get(own, {own})) / total
    if share < _OWN_SHARE and not mixed:
        shares = ", ".join(f"{code} {count / total:.0%}" for code, count in found.most_common(4))
        raise InputError(
            f"only {share:.0%} of the letters are {own}, the script of {language} ({shares})",
            where="--text",
            hint="take the other script out, name the language with its script, or allow it with --mixed",
        )
