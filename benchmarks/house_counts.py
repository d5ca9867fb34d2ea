"""What is counted in source text (lines, statements, parameters, tuples, calls, names), with its places."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PARAMETERS, POSITIONAL = 6, 5
Function = ast.FunctionDef | ast.AsyncFunctionDef
_SHELL = ("xling/cli/", "xling/api/")  # here every option is a parameter


@dataclass(frozen=True)
class Source:
    """A file of the package: its path from the project's root, its text, and what Python reads in it."""

    path: str
    text: str
    tree: ast.Module

    @classmethod
    def of(cls, path: str, text: str) -> Source:
        """A file's text, read."""
        return cls(path, text, ast.parse(text))


@dataclass(frozen=True)
class Place:
    """Something that was counted, where it stands, and its size where it has one (lines, parameters)."""

    path: str
    line: int
    what: str
    size: int = 1


Sources = Sequence[Source]
Found = Sequence[Place]


def files(sources: Sources) -> list[Place]:
    """Every file but `__init__.py`, with its lines."""
    return [
        Place(source.path, 1, Path(source.path).name, len(source.text.splitlines()))
        for source in sources
        if not source.path.endswith("__init__.py")
    ]


def functions(sources: Sources) -> list[Place]:
    """Every function with its lines, from `def` to its end, without its docstring."""
    return [
        Place(source.path, node.lineno, node.name, _lines(node) - sum(map(_lines, _docstring(node))))
        for source, node in _functions(sources)
    ]


def many_parameters(sources: Sources) -> list[Place]:
    """Functions with more than six parameters, the command line and the public interface left out."""
    found = [
        Place(source.path, node.lineno, node.name, len(_parameters(node)))
        for source, node in _functions(sources)
        if not source.path.startswith(_SHELL)
    ]
    return [place for place in found if place.size > PARAMETERS]


def arguments(sources: Sources) -> list[Place]:
    """Every argument; its size is 1 where it has a type and 0 where it has none."""
    return [
        Place(source.path, argument.lineno, f"{node.name}: {argument.arg}", int(bool(argument.annotation)))
        for source, node in _functions(sources)
        for argument in _parameters(node)
    ]


def anonymous_tuples(sources: Sources) -> list[Place]:
    """Parameters that are a tuple of a fixed length, or the name of one; size: how many types are in it."""
    aliases = {_module(source.path): _tuple_aliases(source.tree) for source in sources}
    known = {
        source.path: _imported(source.tree, aliases) | aliases[_module(source.path)] for source in sources
    }
    return [
        Place(source.path, argument.lineno, f"{node.name}: {argument.arg}", kinds)
        for source, node in _functions(sources)
        for argument in _parameters(node)
        if argument.annotation is not None and (kinds := _kinds(argument.annotation, known[source.path]))
    ]


def unlike_tuples(sources: Sources) -> list[Place]:
    """Those of the same parameters whose tuple holds different types."""
    return [place for place in anonymous_tuples(sources) if place.size > 1]


def positional_calls(sources: Sources) -> list[Place]:
    """Calls of classes with five or more arguments that only their order tells apart."""
    calls = ((source, node) for source, node in _nodes(sources) if isinstance(node, ast.Call))
    return [
        Place(source.path, call.lineno, name, len(call.args))
        for source, call in calls
        if len(call.args) >= POSITIONAL and (name := _last_name(call.func)).lstrip("_")[:1].isupper()
    ]


def shared_class_names(sources: Sources) -> list[Place]:
    """Classes whose name another file's class has too, private ones among them."""
    found: dict[str, list[Place]] = {}
    for source, node in _nodes(sources):
        if isinstance(node, ast.ClassDef):
            found.setdefault(node.name, []).append(Place(source.path, node.lineno, node.name))
    shared = [own for own in found.values() if len({place.path for place in own}) > 1]
    return sorted((place for own in shared for place in own), key=lambda place: place.what)


def statements(sources: Sources) -> list[Place]:
    """Every file with its statements, docstrings left out."""
    return [Place(source.path, 1, Path(source.path).name, _statements(source.tree)) for source in sources]


def _nodes(sources: Sources) -> Iterator[tuple[Source, ast.AST]]:
    return ((source, node) for source in sources for node in ast.walk(source.tree))


def _functions(sources: Sources) -> Iterator[tuple[Source, Function]]:
    return ((source, node) for source, node in _nodes(sources) if isinstance(node, Function))


def _parameters(node: Function) -> list[ast.arg]:
    every = [
        *node.args.posonlyargs,
        *node.args.args,
        node.args.vararg,
        *node.args.kwonlyargs,
        node.args.kwarg,
    ]
    return [argument for argument in every if argument is not None and argument.arg not in ("self", "cls")]


def _lines(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _docstring(node: ast.AST) -> list[ast.stmt]:
    """The statement that is a module's, a class's or a function's docstring, if it has one."""
    if not isinstance(node, ast.Module | ast.ClassDef | Function) or ast.get_docstring(node) is None:
        return []
    return node.body[:1]


def _statements(tree: ast.Module) -> int:
    nodes = [*ast.walk(tree)]
    return sum(isinstance(node, ast.stmt) for node in nodes) - sum(len(_docstring(node)) for node in nodes)


def _last_name(node: ast.expr) -> str:
    """`Base` of `Base` and of `opening.Base`; nothing of any other expression."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _module(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _kinds(annotation: ast.expr, aliases: Mapping[str, int]) -> int:
    """How many types a tuple of a fixed length has, by itself or beside None; 0: it is no such tuple."""
    if isinstance(annotation, ast.BinOp):
        return max(_kinds(annotation.left, aliases), _kinds(annotation.right, aliases))
    if isinstance(annotation, ast.Subscript) and _last_name(annotation.value) == "tuple":
        inner = annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else [annotation.slice]
        endless = any(isinstance(kind, ast.Constant) and kind.value is ... for kind in inner)
        return 0 if endless else len({ast.unparse(kind) for kind in inner})
    return aliases.get(_last_name(annotation), 0)


def _tuple_aliases(tree: ast.Module) -> dict[str, int]:
    """The names that a module gives tuples of a fixed length, with the number of types in them."""
    found = {}
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            found[_last_name(target)] = _kinds(node.value, {})
    return {name: kinds for name, kinds in found.items() if kinds}


def _imported(tree: ast.Module, aliases: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """Those of other modules' names that a module imports."""
    return {
        alias.asname or alias.name: kinds
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if (kinds := aliases.get(node.module or "", {}).get(alias.name, 0))
    }
