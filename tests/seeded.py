"""Bugs that could be in the product, each a line of it that is written differently.

A bug is sown into the running code: the module is compiled with that line changed, and the function
it stands in gets the new code, whoever has imported it. Nothing on the disk changes. A line that is
no longer there, or there twice, is an error: each bug is one of the code as it is today.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Bug:
    """`line` of `place` (module:function) reads `instead`."""

    name: str
    place: str
    line: str
    instead: str


@contextmanager
def sown(bug: Bug) -> Iterator[None]:
    """The product with this bug in it, until the block ends."""
    name, way = bug.place.split(":")
    module = import_module(name)
    source = Path(str(module.__file__)).read_text()
    assert source.count(bug.line) == 1, f"{bug.name}: {bug.line!r} ×{source.count(bug.line)}"
    assert bug.line != bug.instead, bug.name
    wrong = compile(source.replace(bug.line, bug.instead), str(module.__file__), "exec")
    function = _function(module, way)
    right = function.__code__
    new = _code(wrong, way.split("."))
    assert _said(new) != _said(right), f"{bug.name}: the same"
    function.__code__ = new
    try:
        yield
    finally:
        function.__code__ = right


def _said(code: types.CodeType) -> tuple[object, ...]:
    return code.co_code, code.co_consts, code.co_names


def _function(module: types.ModuleType, way: str) -> types.FunctionType:
    found: Any = functools.reduce(_member, way.split("."), module)
    found = found.fget if isinstance(found, property) else found
    while isinstance(found, Callable) and hasattr(found, "__wrapped__"):  # type: ignore[arg-type]
        found = found.__wrapped__
    assert isinstance(found, types.FunctionType), way
    return found


def _member(owner: Any, name: str) -> Any:
    return vars(owner)[name]


def _code(code: types.CodeType, way: list[str]) -> types.CodeType:
    for name in way:
        inner = [one for one in code.co_consts if isinstance(one, types.CodeType)]
        (code,) = [one for one in inner if one.co_name == name]
    return code
