"""YAML files read strictly: a mistake is told with file, line, key and the nearest key that is known.

Used for settings, rules, controls and the judging table: wherever a person writes and we must not guess.
"""

from __future__ import annotations

import difflib
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml

from signatures.mistakes import FileMistake as FileMistake

try:  # libyaml, where PyYAML was built with it, reads the same several times as fast
    from yaml import CSafeLoader as _SafeLoader
except ImportError:
    from yaml import SafeLoader as _SafeLoader  # type: ignore[assignment]

T = TypeVar("T")

DEEPEST = 40
"""Levels of lists and mappings within each other; libyaml overruns its stack on some ten thousand."""
MOST = 500_000
"""Values in one file, those that aliases (``*name``) repeat counted each time."""


class _Mapping(dict[str, Any]):
    """A mapping that remembers on which line it and each of its keys stands."""

    line: int
    lines: dict[str, int]


class _Loader(_SafeLoader):
    file: Path | str = ""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> _Mapping:
    found = _Mapping()
    found.line = node.start_mark.line + 1
    found.lines = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        line = key_node.start_mark.line + 1
        if not isinstance(key, str):
            raise FileMistake(loader.file, line, f"keys are words; {key!r} is not one (put it in quotes)")
        if key in found:
            raise FileMistake(loader.file, line, f"the key {key!r} stands twice in the same place")
        found[key] = loader.construct_object(value_node, deep=True)
        found.lines[key] = line
    return found


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read(path: Path, kind: type[T]) -> T:
    """Read one YAML file into ``kind``, a msgspec struct (or a list or dict of them).

    Raises `FileMistake` for bad YAML, an unknown, doubled or missing key and a value of the wrong kind;
    `OSError` where the file cannot be read.
    """
    return parse(path.read_bytes(), kind, path)


def parse(data: bytes, kind: type[T], path: Path | str) -> T:
    """The same for bytes already read; ``path`` is only for messages."""
    try:
        text = data.decode("utf-8-sig")
        _refuse_bomb(text, path)
        loader = _Loader(text)
        loader.file = path
        tree = loader.get_single_data()
    except UnicodeDecodeError as error:
        raise FileMistake(path, data[: error.start].count(b"\n") + 1, "the file is not UTF-8") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise FileMistake(path, line, f"not readable as YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise FileMistake(path, 1, f"not readable as YAML: {error}") from error
    _know_keys(tree if tree is not None else _empty(), _type_info(kind), path, "")  # type: ignore[arg-type]  # every type can be hashed
    try:
        return msgspec.convert(tree if tree is not None else {}, kind)
    except msgspec.ValidationError as error:
        message = str(error)
        raise FileMistake(path, _line_of(tree, message), message) from error


def _refuse_bomb(text: str, path: Path | str) -> None:
    """Refuse what is nested without end, or unfolds to far more than is written, before it is read."""
    loader = _SafeLoader(text)
    open_since: list[tuple[int, str | None]] = []
    worth: dict[str, int] = {}
    count = 0
    while loader.check_event():
        event = loader.get_event()
        anchor = getattr(event, "anchor", None)
        if isinstance(event, yaml.CollectionEndEvent):
            since, name = open_since.pop()
            if name is not None:
                worth[name] = count - since
        elif isinstance(event, yaml.NodeEvent):
            count += worth.get(anchor or "", 1) if isinstance(event, yaml.AliasEvent) else 1
            if isinstance(event, yaml.CollectionStartEvent):
                open_since.append((count - 1, anchor))
                worth.pop(anchor or "", None)
            within_itself = isinstance(event, yaml.AliasEvent) and any(anchor == name for _, name in open_since)
            if len(open_since) > DEEPEST or count > MOST or within_itself:
                line = event.start_mark.line + 1 if event.start_mark else 1
                raise FileMistake(path, line, "nested too deeply, or repeated too often by aliases; write it plainly")


@cache
def _type_info(kind: Any) -> msgspec.inspect.Type:
    return msgspec.inspect.type_info(kind)


def _empty() -> _Mapping:
    mapping = _Mapping()
    mapping.line, mapping.lines = 1, {}
    return mapping


def _know_keys(tree: Any, info: msgspec.inspect.Type, path: Path | str, where: str) -> None:
    """Refuse the first key that the type does not have, naming the nearest one."""
    if isinstance(info, msgspec.inspect.UnionType):
        fitting = [t for t in info.types if not isinstance(t, msgspec.inspect.NoneType)]
        if len(fitting) == 1:
            _know_keys(tree, fitting[0], path, where)
    elif isinstance(info, msgspec.inspect.StructType) and isinstance(tree, _Mapping):
        fields = {field.encode_name: field.type for field in info.fields}
        for key, value in tree.items():
            if key not in fields:
                near = difflib.get_close_matches(key, fields, n=1, cutoff=0.5)
                hint = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(sorted(fields))}"
                raise FileMistake(path, tree.lines[key], f"unknown key {where + key!r}; {hint}")
            _know_keys(value, fields[key], path, f"{where}{key}.")
    elif isinstance(info, msgspec.inspect.DictType) and isinstance(tree, dict):
        for key, value in tree.items():
            _know_keys(value, info.value_type, path, f"{where}{key}.")
    elif isinstance(info, msgspec.inspect.ListType | msgspec.inspect.VarTupleType) and isinstance(tree, list):
        for number, value in enumerate(tree):
            _know_keys(value, info.item_type, path, f"{where.rstrip('.')}[{number}].")


def _line_of(tree: Any, message: str) -> int:
    """The line that a msgspec message with its path (``at `$.a[0].b` ``) speaks of, as near as can be told."""
    line = tree.line if isinstance(tree, _Mapping) else 1
    if "`$" not in message:
        return line
    steps = message.rsplit("`$", 1)[1].rstrip("`").replace("[", ".[").split(".")
    for step in filter(None, steps):
        if step.startswith("[") and isinstance(tree, list):
            number = step[1:-1]
            tree = tree[int(number)] if number.isdigit() and int(number) < len(tree) else None
        elif isinstance(tree, _Mapping) and step in tree:
            line = tree.lines[step]
            tree = tree[step]
        else:
            break
        if isinstance(tree, _Mapping):
            line = max(line, tree.line)
    return line
