"""The commands `xling vocabulary diagnose` and `xling vocabulary build`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, get_args

import typer

from xling.cli.data import DataRoot
from xling.cli.running import Fresh, Json, Quiet, Seed, print_result, tag
from xling.cli.training import BaseName, make_module, workbench
from xling.errors import InputError


def method_name(value: str) -> str:
    """Return a value of `--method` after checking it, before torch is imported."""
    from xling.training.specs import VocabularyMethod

    if value not in get_args(VocabularyMethod):
        raise InputError(f"no method {value!r}", where="--method", choices=get_args(VocabularyMethod))
    return value


app = typer.Typer(
    help="Measure how well the vocabulary of a base splits a text, and build a better one.",
    no_args_is_help=True,
)

Bases = Annotated[
    list[str],
    typer.Option("--base", help="Bases: embedded:multilingual-e5-small, folders, or Hub ids."),
]
Texts = Annotated[list[Path], typer.Option("--text", help="Files or folders of plain text.")]


@app.command("diagnose")
def diagnose(
    base: Bases,
    text: Texts,
    language: Annotated[
        str | None, typer.Option("--language", callback=tag, help="Language of the text, such as nqo.")
    ] = None,
    against: Annotated[
        list[Path] | None, typer.Option("--against", help="Text in a language that the bases split well.")
    ] = None,
    task_text: Annotated[
        list[Path] | None, typer.Option("--task-text", help="Plain text as the task has it, or a sample.")
    ] = None,
    pairs: Annotated[
        str | None, typer.Option("--pairs", help="Sentences and translations: a table or a data card.")
    ] = None,
    lexicon: Annotated[
        Path | None, typer.Option("--lexicon", help="A dictionary: words and their translations.")
    ] = None,
    data_root: DataRoot = None,
    page: Annotated[Path | None, typer.Option("--page", help="An HTML page with charts to write.")] = None,
    json: Json = False,
) -> None:
    """Report how bases split a text, what they cannot read, and whether to change their vocabulary.

    With the text of a task, also report how many of its words your text, pairs and dictionary hold.
    """
    from xling.bases.stored import files_of
    from xling.jobs import diagnose as job
    from xling.places import check_output

    order = job.DiagnosisOrder(
        bases=tuple(dict.fromkeys(base)),
        texts=text,
        language=language,
        against=against or (),
        task_text=task_text or (),
        pairs=pairs,
        lexicon=lexicon,
        data_root=data_root,
    )
    if page is not None:
        files = [*order.texts, *order.against, *order.task_text, order.lexicon]
        files += [path for own in order.bases for path in files_of(own)]
        check_output(page, *files, where="--page")
    known = job.words_held(order)
    found = job.diagnose_all(order)
    if page is not None:
        job.write_page(page, order, found, known)
    if json:
        print_result(job.as_json(order, found, known), as_json=True)
        return
    print_result(job.figure_rows(found, known), as_json=False)
    print()
    print_result(job.block_rows(found), as_json=False)
    for line in job.verdict_lines(order, found, known):
        print(line)
    if page is not None:
        print(page)


@app.command("build")
def build(
    base: BaseName,
    language: Annotated[
        str, typer.Option("--language", callback=tag, help="The tag of the language, such as nqo.")
    ],
    text: Annotated[list[Path], typer.Option("--text", help="Files or folders of plain text.")],
    out: Annotated[Path, typer.Option("--out", help="The folder for the new module.")],
    method: Annotated[
        str, typer.Option("--method", callback=method_name, help="Whether to extend, replace or trim.")
    ] = "replace",
    init: Annotated[str, typer.Option("--init", help="How to initialise new embeddings.")] = "similarity",
    size: Annotated[int, typer.Option("--size", help="Pieces to learn; 0: automatic.", min=0)] = 0,
    rank: Annotated[
        int, typer.Option("--rank", help="Rank of the embeddings; 0: full (100 if --init factorised).", min=0)
    ] = 0,
    protect: Annotated[
        list[Path] | None, typer.Option("--protect", help="For extend: text that keeps its segmentation.")
    ] = None,
    source_text: Annotated[
        list[Path] | None,
        typer.Option("--source-text", help="Text in the source language of the dictionary."),
    ] = None,
    dictionary: Annotated[
        Path | None, typer.Option("--dictionary", help="A TSV file of words and their translations.")
    ] = None,
    parallel: Annotated[
        Path | None, typer.Option("--parallel", help="Sentence pairs for --init bilingual or translated.")
    ] = None,
    spellings: Annotated[
        Path | None,
        typer.Option("--spellings", help="For replace: a TSV file of strings and their replacements."),
    ] = None,
    mixed: Annotated[bool, typer.Option("--mixed", help="Allow text in other scripts too.")] = False,
    seed: Seed = 0,
    fresh: Fresh = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Build a vocabulary module from text: a tokenizer, and an initial embedding for each new piece."""
    from xling.jobs.train import Options, VocabularyFiles
    from xling.training.specs import VocabularyBuild, specified
    from xling.words.dictionary import read_dictionary

    files = VocabularyFiles(
        language=language,
        text=tuple(text),
        protect=tuple(protect or ()),
        source_text=tuple(source_text or ()),
        dictionary=dictionary,
        parallel=parallel,
        spellings=spellings,
    )
    words = {own.word: own.translation for own in read_dictionary(spellings)} if spellings else {}
    told = {"method": method, "init": init, "size": size or None, "rank": rank or None}
    spec = specified(
        VocabularyBuild, {**told, "mixed": mixed, "spellings": words}, where="xling vocabulary build"
    )
    stage = files.stage(spec, Options(out=out, seed=seed))
    make_module(out, stage, workbench(base, "cpu", quiet), fresh=fresh, json=json)
