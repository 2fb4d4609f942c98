"""Combining: what only several files together, or a ledger beside them, show of their marks (marking-grammar 6).

Pure functions over findings, for a scan that has read a container, and for a collector that knows copies and ledgers.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from protocol.records import Finding
from signatures.markings.codes import STATE_FAMILIES, ordered
from signatures.markings.consistency import outlasts
from signatures.markings.issuance import plain_number
from signatures.markings.periods import Expiry
from signatures.markings.ranks import STATE_SCALE, place_of
from signatures.markings.scoring import REVIEW

_TERMS = 100
"""Different terms of the members of one container that are compared with its own."""

Term = tuple[str | None, Expiry]


class Row(msgspec.Struct, frozen=True):
    """The findings of one file from disk or of one member."""

    member: str | None
    """The way inside, nesting joined by ``!``; None for the file itself."""
    findings: tuple[Finding, ...] = ()
    letter: bool = False
    """Whether what is inside is attached to it (a mail), rather than put together in it."""


class _Inside(msgspec.Struct):
    """What the members of one container carry, of one scale."""

    rank: int = 0
    terms: dict[tuple[str | None, object], Term] = msgspec.field(default_factory=dict)


def combine(rows: Sequence[Row]) -> list[tuple[Finding, ...]]:
    """The findings of each row, with the codes that a container and its members show together.

    A container whose own mark is below the highest level or the longest period inside carries COMPILATION; in a mail
    the attachment above the mail's level carries PORTION_HIGHER. Rows of one file from disk, in any order.
    """
    places = {row.member: number for number, row in enumerate(rows)}
    inside: dict[tuple[int, str], _Inside] = {}
    codes: list[dict[str, str]] = [{} for _ in rows]
    own = [_ranks(row.findings) for row in rows]
    for number, row in enumerate(rows):
        for above in _containers(row.member, places) if own[number] else ():
            for scale, rank in own[number].items():
                if not rows[above].letter:
                    _collect(inside.setdefault((above, scale), _Inside()), rank, scale, row.findings)
                elif rank > own[above].get(scale, rank):
                    codes[number][scale] = "PORTION_HIGHER"
    for (above, scale), held in inside.items():
        cover = own[above].get(scale)
        if cover is not None and (held.rank > cover or _outlasted(rows[above].findings, scale, held)):
            codes[above][scale] = "COMPILATION"
    return [_told(row.findings, told) for row, told in zip(rows, codes, strict=True)]


def mismatched_copies(copies: Mapping[str, Sequence[Finding]]) -> tuple[str, ...]:
    """Of copies of one content, by any key, those whose state mark is not that of the highest (COPY_MISMATCH).

    A copy keeps level and period of its original (保守国家秘密法 第三十条); one without a mark differs most of all.
    """
    marks = {key: _mark(findings) for key, findings in copies.items()}
    highest = max(marks.values(), key=lambda mark: mark[0], default=None)
    return tuple(key for key, mark in marks.items() if mark != highest)


def not_in_ledger(findings: Sequence[Finding], number: str | None, ledger: Collection[str]) -> tuple[Finding, ...]:
    """The findings, with NOT_IN_LEDGER where a marked document has a number that no row of the ledger has.

    ``number`` is its document number, ``ledger`` all numbers in it, both as people type them. A document without a
    number is left alone: nothing can be looked up.
    """
    plain = plain_number(number) if number is not None else None
    if plain is None or plain in {plain_number(row) for row in ledger}:
        return tuple(findings)
    return with_code(findings, "NOT_IN_LEDGER")


def with_code(findings: Sequence[Finding], code: str) -> tuple[Finding, ...]:
    """The findings, the live state marks among them with one more code."""
    return _told(findings, {STATE_SCALE: code})


def _containers(member: str | None, places: Mapping[str | None, int]) -> Iterator[int]:
    """The rows that a member lies in, the file from disk first."""
    if member is None:
        return
    if None in places:
        yield places[None]
    for joint in re.finditer("!", member):
        if member[: joint.start()] in places:
            yield places[member[: joint.start()]]


def _live(findings: Sequence[Finding]) -> Iterator[Finding]:
    return (f for f in findings if f.confidence >= REVIEW and not {"DECLASSIFIED_STAMP", "CHANGED_MARK"} & set(f.codes))


def _ranks(findings: Sequence[Finding]) -> dict[str, int]:
    """The highest live rank on each scale."""
    ranks: dict[str, int] = {}
    for finding in _live(findings):
        scale, rank = place_of(finding.family, finding.level)
        if scale:
            ranks[scale] = max(rank, ranks.get(scale, rank))
    return ranks


def _terms(findings: Sequence[Finding], scale: str) -> Iterator[Term]:
    for finding in _live(findings):
        if finding.period is not None and place_of(finding.family, finding.level)[0] == scale:
            yield finding.period, Expiry(finding.expires)


def _collect(held: _Inside, rank: int, scale: str, findings: Sequence[Finding]) -> None:
    held.rank = max(held.rank, rank)
    for period, expiry in _terms(findings, scale):
        if len(held.terms) < _TERMS:
            held.terms[period, expiry.on] = (period, expiry)


def _outlasted(findings: Sequence[Finding], scale: str, held: _Inside) -> bool:
    covers = list(_terms(findings, scale))
    return bool(covers) and any(all(outlasts(term, cover) for cover in covers) for term in held.terms.values())


def _mark(findings: Sequence[Finding]) -> tuple[int, str | None]:
    """Rank and period of the highest live state mark; a period that is given goes before none."""
    marks = [(place_of(f.family, f.level)[1], f.period) for f in _live(findings) if f.family in STATE_FAMILIES]
    return max(marks, key=lambda mark: (mark[0], mark[1] is not None), default=(0, None))


def _told(findings: Sequence[Finding], codes: Mapping[str, str]) -> tuple[Finding, ...]:
    """The findings, each live one with the code of its scale."""
    if not codes:
        return tuple(findings)
    live = {id(finding) for finding in _live(findings)}
    return tuple(
        replace(f, codes=ordered({*f.codes, codes[place]}))
        if id(f) in live and (place := place_of(f.family, f.level)[0]) in codes
        else f
        for f in findings
    )
