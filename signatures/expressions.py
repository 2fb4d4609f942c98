"""Expressions: regular expressions that are compiled when a text first asks for them.

Most files are clean and hold nothing that the grammar must read; a scan that meets no other should not pay for some
two hundred patterns. After the first use an `Expression` is as quick as the `re.Pattern` it holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any
from weakref import WeakSet

from signatures import precompiled

_Find = Callable[..., re.Match[str] | None]


def kept() -> bytes:
    """All expressions that there are now, compiled, for `precompiled.use`. Raises `re.error`."""
    return precompiled.compiled([(one.source, one._flags) for one in _there])


class Expression:
    """A regular expression with the methods of `re.Pattern` that are used here, compiled on first use."""

    def __init__(self, source: str | Callable[[], str], flags: int = 0) -> None:
        """``source`` may be a function, where putting the expression together is work too.

        A mistake in it is raised as `re.error` by the first use, so what people write is compiled where it is read.
        """
        self._source = source
        self._flags = flags
        _there.add(self)

    @cached_property
    def source(self) -> str:
        """The expression as written."""
        return self._source if isinstance(self._source, str) else self._source()

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        """The compiled pattern. Raises `re.error`."""
        return precompiled.pattern(self.source, self._flags)

    # Each of these is looked up once and then lies in the object itself: no call of ours stands between.

    @cached_property
    def search(self) -> _Find:
        """As `re.Pattern.search`."""
        return self.compiled.search

    @cached_property
    def match(self) -> _Find:
        """As `re.Pattern.match`."""
        return self.compiled.match

    @cached_property
    def fullmatch(self) -> _Find:
        """As `re.Pattern.fullmatch`."""
        return self.compiled.fullmatch

    @cached_property
    def finditer(self) -> Callable[..., Iterator[re.Match[str]]]:
        """As `re.Pattern.finditer`."""
        return self.compiled.finditer

    @cached_property
    def findall(self) -> Callable[..., list[Any]]:
        """As `re.Pattern.findall`."""
        return self.compiled.findall

    @cached_property
    def sub(self) -> Callable[..., str]:
        """As `re.Pattern.sub`."""
        return self.compiled.sub

    @cached_property
    def split(self) -> Callable[..., list[str | Any]]:
        """As `re.Pattern.split`."""
        return self.compiled.split


_there: WeakSet[Expression] = WeakSet()
"""Every expression that somebody still has."""
