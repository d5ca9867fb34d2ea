"""The commands `xling train language` and `xling train task`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xling.cli.data import DataRoot
from xling.cli.running import (
    Device,
    Format,
    Fresh,
    Json,
    Quiet,
    Seed,
    Threads,
    aligner_name,
    bars,
    kind_name,
    language_kind,
    print_result,
    say,
    set_threads,
    tag,
    task_name,
)
from xling.errors import InputError
from xling.modules.names import MADE
from xling.tasks.registry import TASKS

if TYPE_CHECKING:
    from xling.makers.stage import Stage
    from xling.pipeline.stages import Workbench

app = typer.Typer(help="Train a language module or a task module.", no_args_is_help=True)

_MADE_ANEW = (*MADE, "centre")  # not trained, so nothing is gone on from; a centre reads another's source

BaseName = Annotated[
    str, typer.Option("--base", help="Base: embedded:multilingual-e5-small, a folder, or a Hub id.")
]
Out = Annotated[Path, typer.Option("--out", help="The folder for the new module, such as modules/lang/swh.")]
Kind = Annotated[
    str | None,
    typer.Option(
        "--kind",
        callback=kind_name,
        show_default="bottleneck",
        help="The kind: bottleneck, houlsby, parallel, large-sparse, madx, lora, ia3, flare, lt-sft, full or "
        "head; under fuse in --plan: fusion, scalearn, scalearn-uniform, scalearn++, scalearn-uniform++, "
        "learned-mean or gate.",
    ),
]
Set = Annotated[
    list[str] | None, typer.Option("--set", help="A training setting key=value, or parts.key=value.")
]

LanguageTag = Annotated[
    str, typer.Option("--language", callback=tag, help="The tag of the language, such as swh.")
]
BaseUnlessMade = Annotated[
    str | None, typer.Option("--base", help="Base, as for a task module; a lexicon needs none.")
]
Texts = Annotated[
    list[str] | None,
    typer.Option(
        "--text", help="Files or folders of text for MLM; for a language family, swh=FILE for each."
    ),
]
Pairs = Annotated[
    str | None,
    typer.Option("--pairs", help="For a lexicon: sentences and translations, in a file or a data card."),
]
Words = Annotated[
    Path | None, typer.Option("--lexicon", help="For a lexicon: a file of words, translations and weights.")
]
AlignerName = Annotated[
    str | None,
    typer.Option(
        "--aligner", callback=aligner_name, help="For a lexicon from --pairs: ibm1, or the extra eflomal."
    ),
]
SourceTexts = Annotated[
    list[Path] | None, typer.Option("--source-text", help="Text of the source language, for centre.")
]
HeadTexts = Annotated[
    list[Path] | None,
    typer.Option("--head-text", help="Running text to fit the MLM head on, for a base without one."),
]
LanguageKind = Annotated[
    str | None,
    typer.Option(
        "--kind",
        callback=language_kind,
        show_default="madx",
        help="The kind: lexicon, centre, bottleneck, houlsby, parallel, large-sparse, madx, lora, ia3, "
        "lt-sft or full.",
    ),
]


@app.command("language")
def language(
    language: LanguageTag,
    out: Out,
    base: BaseUnlessMade = None,
    text: Texts = None,
    source_text: SourceTexts = None,
    head_text: HeadTexts = None,
    alpha: Annotated[
        float, typer.Option("--alpha", help="Balance: 1 reads each line once, 0 each language equally.")
    ] = 0.3,
    parallel: Annotated[
        Path | None,
        typer.Option("--parallel", help="A table of sentences and translations, to align instead of MLM."),
    ] = None,
    gloss: Annotated[
        Path | None, typer.Option("--gloss", help="A lexicon: align --text with its translation of it.")
    ] = None,
    pairs: Pairs = None,
    lexicon: Words = None,
    aligner: AlignerName = None,
    data_root: DataRoot = None,
    kind: LanguageKind = None,
    vocabulary: Annotated[
        Path | None, typer.Option("--vocabulary", help="A vocabulary module that splits the text.")
    ] = None,
    init: Annotated[
        Path | None,
        typer.Option("--init", help="A module to train further, or a centre of the same source."),
    ] = None,
    minutes: Annotated[float | None, typer.Option("--minutes", help="Minutes to train, roughly.")] = None,
    changes: Set = None,
    seed: Seed = 0,
    device: Device = "cpu",
    threads: Threads = 0,
    fresh: Fresh = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Train a language module on text or on translations, or make a lexicon."""
    from xling.jobs.train import LanguageFiles, LexiconFiles, Options

    check_going_on(init, {"--kind": None if kind in _MADE_ANEW else kind}, changes or ())
    kind = kind or "madx"
    made = kind in MADE
    of_training = {"--text": text, "--parallel": parallel, "--vocabulary": vocabulary, "--init": init}
    of_training |= {
        "--minutes": minutes,
        "--source-text": source_text,
        "--head-text": head_text,
        "--gloss": gloss,
    }
    of_lexicon = {"--pairs": pairs, "--lexicon": lexicon, "--aligner": aligner, "--data-root": data_root}
    check_options(kind, base, of_training if made else of_lexicon)
    words = LexiconFiles(language=language, pairs=pairs, dictionary=lexicon, data_root=data_root)
    files = LanguageFiles(
        language=language,
        text=tuple(text or ()),
        source_text=tuple(source_text or ()),
        head_text=tuple(head_text or ()),
        parallel=parallel,
        gloss=gloss,
        init=init,
        vocabulary=vocabulary,
        alpha=alpha,
    )
    set_threads(threads)
    chosen = (*(changes or ()), *([f"aligner={aligner}"] if aligner else []))
    options = Options(out=out, kind=kind, changes=chosen, minutes=minutes, seed=seed)
    stage = words.stage(options) if made else files.stage(options)
    make_module(out, stage, workbench(base or "", device, quiet), fresh=fresh, json=json)


def check_options(kind: str, base: str | None, unused: Mapping[str, Any]) -> None:
    """Raise InputError for an option that a kind has no use for, and when a trained kind has no base.

    unused: the values of the options that the kind does not use, by option.
    """
    if base is None and kind not in MADE:
        hint = "give --base embedded:multilingual-e5-small, a folder, or a Hub id"
        raise InputError(f"{kind} is trained on a base", where="--base", hint=hint)
    for option, value in unused.items():
        if value is not None:
            hint = "a lexicon is made of --pairs and --lexicon"
            if kind not in MADE:
                hint = "it is for --kind lexicon; to align with translations, give --parallel"
            raise InputError(f"a module of the kind {kind} has no use for it", where=option, hint=hint)


@app.command("task")
def task(
    base: BaseName,
    task: Annotated[
        str,
        typer.Option(
            "--task",
            callback=task_name,
            help=f"The task: {', '.join(TASKS)}.",
        ),
    ],
    source_language: Annotated[
        str, typer.Option("--source-language", callback=tag, help="The language of the training data.")
    ],
    out: Out,
    train: Annotated[
        Path | None, typer.Option("--train", help="Labelled data: CoNLL, TSV, JSONL or SQuAD JSON.")
    ] = None,
    dev: Annotated[
        Path | None, typer.Option("--dev", help="Labelled data that selects the best training step.")
    ] = None,
    format: Format = "auto",
    language_module: Annotated[
        Path | None, typer.Option("--language-module", help="A language module, frozen below the new one.")
    ] = None,
    kind: Kind = None,
    layers: Annotated[
        str | None,
        typer.Option("--layers", help="fim:4: only the four layers with the most Fisher information."),
    ] = None,
    init: Annotated[Path | None, typer.Option("--init", help="A task module to train further.")] = None,
    distil: Annotated[
        str | None, typer.Option("--distil", help="A plan whose readings of --text the module learns.")
    ] = None,
    plan: Annotated[
        str | None,
        typer.Option(
            "--plan",
            help="Frozen modules around the new one, which is called new: 'fuse(task/a, task/b; new)'.",
        ),
    ] = None,
    store: Annotated[
        Path | None, typer.Option("--store", help="The folder with the modules of --plan and --distil.")
    ] = None,
    text: Annotated[
        list[Path] | None, typer.Option("--text", help="Unlabelled texts for --distil, as for xling predict.")
    ] = None,
    language: Annotated[
        str | None, typer.Option("--language", callback=tag, help="The language of --text.")
    ] = None,
    changes: Set = None,
    seed: Seed = 0,
    device: Device = "cpu",
    threads: Threads = 0,
    fresh: Fresh = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Train a task module on labelled data in a source language, on what a plan says of texts, or on both."""
    from xling.jobs.train import Options
    from xling.jobs.train_task import Around, TaskFiles, TaughtText

    check_distilled(distil, train, {"--text": text, "--language": language})
    check_store(store, {"--plan": plan, "--distil": distil})
    check_going_on(init, {"--kind": kind, "--layers": layers}, changes or ())
    taught = (
        TaughtText(teacher=distil, store=store, text=tuple(text), language=language)
        if distil and store and text and language
        else None
    )
    files = TaskFiles(
        task=task,
        source_language=source_language,
        train=train,
        dev=dev,
        format=format,
        language_module=language_module,
        around=None if plan is None or store is None else Around(plan=plan, store=store),
        init=init,
        taught=taught,
    )
    set_threads(threads)
    chosen = (*(changes or ()), *([f"parts.layers={layers}"] if layers else []))
    stage = files.stage(Options(out=out, kind=kind or "bottleneck", changes=chosen, seed=seed))
    make_module(out, stage, workbench(base, device, quiet), fresh=fresh, json=json)


def check_distilled(distil: str | None, train: Path | None, needed: Mapping[str, Any]) -> None:
    """Raise InputError when there is nothing to learn from, or a part of a distillation without the others.

    needed: the values of the options that go with `--distil`, by option.
    """
    if distil is None and train is None:
        hint = "give --train FILE, --distil PLAN with --store, --text and --language, or both"
        raise InputError("there is nothing to train on", where="--train", hint=hint)
    for option, value in needed.items():
        if distil is None and value is not None:
            hint = "give --distil PLAN, or leave it out"
            raise InputError("it goes with --distil", where=option, hint=hint)
        if distil is not None and value is None:
            hint = "say --text FILE and --language TAG beside --distil"
            raise InputError("--distil needs it", where=option, hint=hint)


def check_going_on(init: Path | None, standing: Mapping[str, str | None], changes: Sequence[str]) -> None:
    """Raise InputError for options that say what a module is, beside `--init`, which names one that is made.

    standing: the values of such options, by option. changes: the values of `--set`.
    """
    given = [f"{option} {value}" for option, value in standing.items() if value is not None]
    given += [f"--set {change}" for change in changes if _of_parts(change)]
    if init is not None and given:
        raise InputError(
            f"the module goes on as the kind and in the layers that it has, so {given[0]} says nothing",
            where="--init",
            hint=f"leave out {given[0]}, or leave out --init to start a new module",
        )


def _of_parts(change: str) -> bool:
    return change.partition("=")[0].partition(".")[0].strip() == "parts"


def check_store(store: Path | None, plans: Mapping[str, str | None]) -> None:
    """Raise InputError when plans are given without the store of their modules, or the other way round.

    plans: the values of the options that are plans, by option.
    """
    given = [option for option, plan in plans.items() if plan is not None]
    if given and store is None:
        raise InputError("its modules are in a store", where=given[0], hint="say --store DIR beside it")
    if store is not None and not given:
        hint = f"give {' or '.join(plans)}, or leave it out"
        raise InputError("no plan names a module in it", where="--store", hint=hint)


def workbench(base: str, device: str, quiet: bool) -> Workbench:
    """Return the base, device and output settings with which a stage is run."""
    from xling.pipeline.stages import Workbench

    return Workbench(base=base, device=device, bars=bars(quiet), say=say(quiet))


def make_module(out: Path, stage: Stage, bench: Workbench, *, fresh: bool, json: bool) -> None:
    """Run a stage into the folder `out`, and print a summary of the module."""
    from xling.jobs.train import train_to

    print_result(train_to(out, stage, bench, fresh=fresh), as_json=json)
