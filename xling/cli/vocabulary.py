"""xling vocabulary diagnose | build."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, get_args

import typer

from xling.cli.running import Fresh, Json, Quiet, Seed, print_result, tag
from xling.cli.training import BaseName, make_module, workbench
from xling.errors import InputError


def method_name(value: str) -> str:
    """A value of `--method`; told before torch is imported."""
    from xling.training.specs import VocabularyMethod

    if value not in get_args(VocabularyMethod):
        raise InputError(f"no method {value!r}", where="--method", choices=get_args(VocabularyMethod))
    return value


app = typer.Typer(help="How well a vocabulary serves a text, and a better one.", no_args_is_help=True)

Bases = Annotated[
    list[str],
    typer.Option("--base", help="embedded:multilingual-e5-small, a folder, or a Hub id; one or several."),
]
Texts = Annotated[list[Path], typer.Option("--text", help="Files or folders of plain text.")]


@app.command("diagnose")
def diagnose(
    base: Bases,
    text: Texts,
    language: Annotated[
        str | None, typer.Option("--language", callback=tag, help="The text's tag, such as nqo.")
    ] = None,
    against: Annotated[
        list[Path] | None, typer.Option("--against", help="Text of a language that the bases serve well.")
    ] = None,
    page: Annotated[Path | None, typer.Option("--page", help="Write an HTML page with pictures too.")] = None,
    json: Json = False,
) -> None:
    """How bases split a text, what they cannot read, and whether to extend or replace their vocabulary."""
    from xling.jobs import diagnose as job

    order = job.DiagnosisOrder(
        bases=tuple(dict.fromkeys(base)), texts=text, language=language, against=against or ()
    )
    found = job.diagnose_all(order)
    if page is not None:
        job.write_page(page, order, found)
    if json:
        print_result(job.as_json(order, found), as_json=True)
        return
    print_result(job.figure_rows(found), as_json=False)
    print()
    print_result(job.block_rows(found), as_json=False)
    for line in job.verdict_lines(order, found):
        print(line)
    if page is not None:
        print(page)


@app.command("build")
def build(
    base: BaseName,
    language: Annotated[
        str, typer.Option("--language", callback=tag, help="The language's tag, such as nqo.")
    ],
    text: Annotated[list[Path], typer.Option("--text", help="Files or folders of plain text.")],
    out: Annotated[Path, typer.Option("--out", help="The folder of the new module.")],
    method: Annotated[
        str, typer.Option("--method", callback=method_name, help="extend, replace or trim.")
    ] = "replace",
    init: Annotated[str, typer.Option("--init", help="How new pieces' vectors start.")] = "similarity",
    size: Annotated[int, typer.Option("--size", help="Pieces to learn; 0: chosen by the text.", min=0)] = 0,
    rank: Annotated[
        int, typer.Option("--rank", help="Of factorised vectors; 0: whole ones, 100 with factorised.", min=0)
    ] = 0,
    protect: Annotated[
        list[Path] | None, typer.Option("--protect", help="Text that must be split as before (extend).")
    ] = None,
    source_text: Annotated[
        list[Path] | None, typer.Option("--source-text", help="Text in the dictionary's other language.")
    ] = None,
    dictionary: Annotated[
        Path | None, typer.Option("--dictionary", help="A word list: TSV of word and source word.")
    ] = None,
    parallel: Annotated[
        Path | None, typer.Option("--parallel", help="Sentences and translations (bilingual, translated).")
    ] = None,
    spellings: Annotated[
        Path | None,
        typer.Option("--spellings", help="TSV of strings and what to read in their place (replace)."),
    ] = None,
    mixed: Annotated[bool, typer.Option("--mixed", help="Other scripts in the text are meant.")] = False,
    seed: Seed = 0,
    fresh: Fresh = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """A vocabulary module from text: a tokenizer, and a vector to start from for each new piece."""
    from xling.jobs.train import Options, VocabularyFiles
    from xling.training.specs import VocabularyBuild, specified
    from xling.vocabulary.word_list import read_word_list

    files = VocabularyFiles(
        language=language,
        text=tuple(text),
        protect=tuple(protect or ()),
        source_text=tuple(source_text or ()),
        dictionary=dictionary,
        parallel=parallel,
    )
    words = dict(read_word_list(spellings)) if spellings else {}
    told = {"method": method, "init": init, "size": size or None, "rank": rank or None}
    spec = specified(
        VocabularyBuild, {**told, "mixed": mixed, "spellings": words}, where="xling vocabulary build"
    )
    stage = files.stage(spec, Options(out=out, seed=seed))
    make_module(out, stage, workbench(base, "cpu", quiet), fresh=fresh, json=json)
