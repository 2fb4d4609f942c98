"""What a kind of report is: a title, parts that are made one after the other, and who signs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.reports.blocks import Block
from server.reports.extent import Extent

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Part = Callable[[Extent], Iterable[Block]]
"""Makes a part of a report of what its extent covers, and of nothing else."""


@dataclass(frozen=True)
class Kind:
    """One kind of report."""

    name: str
    """Its name in forms, on the command line and in the audit log."""
    title: _StrPromise
    tells: _StrPromise
    """What it is for, in a sentence."""
    parts: tuple[Part, ...]
    signatures: tuple[_StrPromise, ...]
    landscape: bool = False
    by_year: bool = False
    """Whether its period is always a whole year."""
    versions: bool = False
    """Whether its head says which rules and profiles were in force."""
