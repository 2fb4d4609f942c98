"""Regular expressions as `re` compiled them, kept so that no other process need compile them again.

Compiling those of the grammar takes a tenth of a second, in every worker that meets its first marking; from what is
kept they are made in a few milliseconds. What is kept is `re`'s own code for its matcher, which only the same Python
understands: `IDENTITY` tells. Where this Python does not show how `re` goes about it, everything is compiled as ever.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from contextlib import suppress
from importlib import import_module
from typing import Any

import msgspec

_Key = tuple[str, int]


class Form(msgspec.Struct, frozen=True, array_like=True):
    """One expression as `re` compiled it."""

    source: str
    flags: int
    """As they were asked for."""
    all_flags: int
    """With those that the source itself sets."""
    code: bytes
    groups: int
    names: dict[str, int]


_kept: dict[_Key, Form] = {}

try:
    _matcher: Any = import_module("_sre")
    _compiler: Any = import_module("re._compiler")
    _parser: Any = import_module("re._parser")
    IDENTITY = f"{sys.version} {_matcher.MAGIC} {_matcher.CODESIZE}" if _matcher.CODESIZE == 4 else ""
    """Which Python this is, as far as compiled expressions go; empty where they cannot be kept."""
except (ImportError, AttributeError):
    IDENTITY = ""


def pattern(source: str, flags: int = 0) -> re.Pattern[str]:
    """As `re.compile`: from what is kept, or compiled now. Raises `re.error`."""
    form = _kept.get((source, flags))
    if form is not None:
        with suppress(RuntimeError, ValueError, TypeError):  # not the code of this Python after all: compiled anew
            return _made(form)
    return re.compile(source, flags)


def use(kept: bytes) -> bool:
    """Have what `compiled` gave used from now on, in this process and those forked from it. False where it is none."""
    try:
        forms = msgspec.msgpack.decode(kept, type=list[Form])
    except msgspec.MsgspecError:
        return False
    _kept.update({(form.source, form.flags): form for form in forms})
    return True


def compiled(wanted: Iterable[_Key]) -> bytes:
    """What is to be kept of these expressions, each a source and its flags. Raises `re.error`."""
    return msgspec.msgpack.encode([_form(source, flags) for source, flags in sorted(set(wanted))])


def _form(source: str, flags: int) -> Form:
    """What `re.compile` does up to the point where the matcher takes over."""
    parsed = _parser.parse(source, flags)
    code = b"".join(word.to_bytes(4, sys.byteorder) for word in _compiler._code(parsed, flags))
    state = parsed.state
    return Form(source, flags, int(flags | state.flags), code, state.groups - 1, dict(state.groupdict))


def _made(form: Form) -> re.Pattern[str]:
    names: list[str | None] = [None] * (form.groups + 1)
    for name, number in form.names.items():
        names[number] = name
    code = memoryview(form.code).cast("I").tolist()
    made: re.Pattern[str] = _matcher.compile(form.source, form.all_flags, code, form.groups, form.names, tuple(names))
    return made
