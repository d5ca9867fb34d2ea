"""The diagnosis as one HTML page: a section per base, drawings inside, no script and no network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined

from xling.vocabulary.diagnosis import charts as drawings
from xling.vocabulary.diagnosis import labels as words
from xling.vocabulary.diagnosis.diagnosis import Diagnosis, in_words
from xling.vocabulary.letters import called, times


@dataclass(frozen=True)
class Section:
    """One base on the page. command: what to run next; empty when there is nothing to do."""

    diagnosis: Diagnosis
    command: str


def render(sections: Sequence[Section], *, texts: Sequence[str], language: str = "") -> str:
    """The page as text; equal input gives equal text.

    texts: the files that were read. language: the name of their language, where it was given.
    """
    environment = Environment(
        loader=PackageLoader("xling.vocabulary.diagnosis", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        drawings=drawings, measures=words.MEASURES, head=words.HEAD, beside=words.beside,
        in_words=in_words, called=called, times=times,
    )  # fmt: skip
    page = environment.get_template("diagnosis.html")
    return page.render(sections=sections, texts=texts, language=language)
