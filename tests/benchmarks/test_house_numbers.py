"""Each house number counts what it says, on source text made up for it."""

from __future__ import annotations

import subprocess
from textwrap import dedent

import house_numbers
import pytest
from house_counts import Source, anonymous_tuples, functions, shared_class_names
from house_numbers import NUMBERS, listed, main, ninth_tenth


def package(**files: str) -> list[Source]:
    """Files of a package by what stands for their path: `cli__app` is xling/cli/app.py."""
    return [Source.of(f"xling/{name.replace('__', '/')}.py", dedent(text)) for name, text in files.items()]


def told(name: str, **files: str) -> str:
    """A number as the table shows it."""
    number = NUMBERS[name]
    return number.told(number.find(package(**files)))


def whats(name: str, **files: str) -> list[str]:
    """What stands in the places behind a number."""
    return [place.what for place in NUMBERS[name].find(package(**files))]


LINES = {"a": "", "b": "x = 1\n" * 39, "c": "x = 1\n" * 59, "d": "x = 1\n" * 60}


@pytest.mark.parametrize(
    ("name", "shown"),
    [("files", "4"), ("files-median", "49"), ("files-max", "60"),
     ("files-under-40", "2"), ("files-under-60", "3")],
)  # fmt: skip
def test_files_are_counted_by_their_lines(name, shown):
    assert told(name, **LINES) == shown
    sources = [*package(**LINES), Source.of("xling/bases/__init__.py", "x = 1\n" * 400)]
    assert NUMBERS[name].told(NUMBERS[name].find(sources)) == shown


def test_nine_in_ten_stay_below():
    sources = package(**{f"file{number}": "x = 1\n" * number for number in range(1, 20)})
    assert ninth_tenth(NUMBERS["files-p90"].find(sources)) == "18"


def test_a_function_is_its_lines_without_its_docstring():
    text = '''
    @decorated
    def first(
        value: int,
    ) -> int:
        """It has a docstring

        of three lines.
        """
        def inner() -> int: return value
        return inner()

    class Thing:
        async def second(self):
            """Described."""
    '''
    found = {place.what: place.size for place in functions(package(a=text))}
    assert found == {"first": 5, "inner": 1, "second": 1}
    assert told("functions", a=text) == "3" and told("functions-median", a=text) == "1"


def test_a_function_of_more_than_sixty_lines_is_listed():
    long, longer = ("def f():\n" + "    x = 1\n" * lines for lines in (59, 60))
    assert told("functions-over-60", a=long) == "0"
    assert whats("functions-over-60", a=longer, b=long) == ["f"]


def test_seven_parameters_are_too_many():
    six, seven = "a, b, c, /, d, *, e, f", "a, b, /, c, *more, d, e, **others"
    text = f"""
    def six({six}): ...
    def seven({seven}): ...
    class Thing:
        def method(self, {six}): ...
        @classmethod
        def made(cls, {seven}): ...
    """
    assert sorted(whats("many-parameters", jobs__a=text)) == ["made", "seven"]
    assert told("many-parameters", cli__app=text, api__tasks=text) == "0"


TUPLES = """
from xling.places import Place as Where
from elsewhere import Place
Pair = tuple[str, str]
Named: TypeAlias = tuple[str, int]

def f(
    line: tuple[str | Path, int],
    pair: tuple[int, int] | None,
    where: Where,
    named: Named,
    like: Pair,
    many: tuple[int, ...],
    rows: list[tuple[str, int]],
    foreign: Place,
    plain: int,
    untyped,
) -> tuple[str, int]: ...
"""
PLACES = "Place = tuple[str, int, str]"


def test_a_tuple_of_a_fixed_length_is_anonymous_under_any_name():
    found = {place.what: place.size for place in anonymous_tuples(package(a=TUPLES, places=PLACES))}
    assert found == {"f: line": 2, "f: pair": 1, "f: where": 2, "f: named": 2, "f: like": 1}
    assert told("anonymous-tuples", a=TUPLES, places=PLACES) == "5"
    assert whats("unlike-tuples", a=TUPLES, places=PLACES) == ["f: line", "f: where", "f: named"]


def test_five_arguments_of_a_class_by_position_are_listed():
    text = """
    Row(1, 2, 3, 4, 5)
    house._Row(1, 2, 3, *more, 5, six=6)
    Row(1, 2, 3, 4, five=5)
    row(1, 2, 3, 4, 5)
    rows[0](1, 2, 3, 4, 5)
    """
    found = NUMBERS["positional-calls"].find(package(a=text))
    assert [(place.what, place.line, place.size) for place in found] == [("Row", 2, 5), ("_Row", 3, 5)]


def test_a_class_name_of_two_files_stands_for_several_things():
    files = {
        "a": "class _Row: ...\nclass Bar: ...",
        "b": "class Row: ...\nclass Own: ...\nclass Own: ...",
        "c": "class _Row: ...\ndef f():\n    class Bar: ...",
    }
    assert told("class-names", **files) == "2"
    assert [(place.what, place.path) for place in shared_class_names(package(**files))] == [
        ("Bar", "xling/a.py"),
        ("Bar", "xling/c.py"),
        ("_Row", "xling/a.py"),
        ("_Row", "xling/c.py"),
    ]


def test_statements_are_counted_without_docstrings():
    text = '''
    """A module."""
    import os

    class Thing:
        """A class."""

        def method(self):
            """A function."""
            if os:
                "no docstring"
                return 1; pass
    '''
    assert told("statements", a=text, b="x = 1\ny = 2") == "9"


def test_arguments_without_a_type_are_told():
    text = "def f(self, a: int, *b, c: str = '', **d: int): ..."
    assert told("typed-arguments", a=text) == "75.0"
    assert [*listed(NUMBERS["typed-arguments"], package(a=text))] == ["xling/a.py:1: f: b (0)"]


def test_no_source_at_all_is_told_in_every_number():
    assert {number.told(number.find([])) for number in NUMBERS.values()} == {"0", "-"}


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A package with a revision `before` and a file more in the working tree."""
    monkeypatch.setattr(house_numbers, "ROOT", tmp_path)
    (tmp_path / "xling").mkdir()
    (tmp_path / "xling" / "a.py").write_text("def f(place: tuple[str, int]): ...\n")
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    for words in (("init", "-q"), ("add", "."), (*who, "commit", "-qm", "One"), ("tag", "before")):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True)
    (tmp_path / "xling" / "b.py").write_text("def g(line: tuple[int, str]): ...\n")
    return tmp_path


def test_a_revision_stands_beside_the_working_tree(repository, capsys):
    assert main(["--against", "before"]) == 0
    head, _, *rows = capsys.readouterr().out.splitlines()
    assert head == "| number | --list | here | before |"
    assert len(rows) == len(NUMBERS) and rows[0] == "| files | files | 2 | 1 |"
    assert (repository / "xling" / "b.py").is_file()


def test_the_places_behind_a_number_are_listed(repository, capsys):
    assert main(["--list", "unlike-tuples", "--against", "before"]) == 0
    first, second = "xling/a.py:1: f: place (2)", "xling/b.py:1: g: line (2)"
    assert capsys.readouterr().out.splitlines() == ["# here", first, second, "# before", first]


@pytest.mark.parametrize("revision", ["nowhere", "--all", "before:xling"])
def test_a_revision_that_git_does_not_know_is_refused(repository, capsys, revision):
    assert main([f"--against={revision}"]) == 2
    said = capsys.readouterr()
    assert f"--against: git knows no revision '{revision}'" in said.err and not said.out
