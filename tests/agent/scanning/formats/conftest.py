"""What the tests of formats share: a small sieve, and a way to hold what a format gave against what was expected."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import pytest

from agent.scanning.formats.base import Budget, Format, Member, NotExamined, Reading, Source
from signatures.engine import Sieve
from signatures.passages import Passage, Zone

WORDS = ("机密", "绝密", "秘密", "内部资料", "SECRET", "CONFIDENTIAL")


class WordSieve:
    """Looks for a few words in UTF-8, as numeric references and, when asked, in UTF-16: the least of a real sieve."""

    def __init__(self) -> None:
        self.forms = [word.encode() for word in WORDS]
        self.forms += ["".join(f"&#{ord(letter)};" for letter in word).encode() for word in WORDS]

    def worth(self, data: bytes | memoryview, *, encodings: frozenset[str] | None = None) -> bool:
        forms = self.forms
        if encodings is not None and "utf-16-le" in encodings:
            forms = forms + [word.encode("utf-16-le") for word in WORDS]
        return any(form in bytes(data) for form in forms)

    def spans(self, data: bytes | memoryview, *, encodings: frozenset[str] | None = None) -> list[tuple[int, int, str]]:
        found = [
            (each.start(), each.end(), "utf-8")
            for form in self.forms
            for each in re.finditer(re.escape(form), bytes(data))
        ]
        return sorted(found)


@dataclass
class Outcome:
    """All that a format gave for one file."""

    passages: list[Passage] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    problem: NotExamined | None = None

    def texts(self, zone: Zone, *, struck: bool = False) -> list[str]:
        return [each.text for each in self.passages if each.zone is zone and each.struck is struck]

    def only(self, zone: Zone) -> Passage:
        found = [each for each in self.passages if each.zone is zone]
        assert len(found) == 1, found
        return found[0]

    @property
    def reason(self) -> str | None:
        return None if self.problem is None else str(self.problem.reason)


ReadPieces = Callable[..., Outcome]


@pytest.fixture
def read_pieces() -> ReadPieces:
    """Run a format over bytes; anything but `NotExamined` that it raises fails the test."""

    def read(module: Format, data: bytes, budget: Budget | None = None, sieve: Sieve | None = None) -> Outcome:
        outcome = Outcome()
        reading = Reading(sieve or WordSieve(), budget or Budget())
        try:
            for piece in module.pieces(Source(io.BytesIO(data), len(data)), reading):
                if isinstance(piece, Passage):
                    outcome.passages.append(piece)
                else:
                    outcome.members.append(piece)
        except NotExamined as problem:
            outcome.problem = problem
        return outcome

    return read


@pytest.fixture
def zipped() -> Callable[[Mapping[str, bytes | str]], bytes]:
    """A zip of the given members."""

    def build(members: Mapping[str, bytes | str]) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in members.items():
                archive.writestr(name, data)
        return out.getvalue()

    return build


@pytest.fixture
def replaced() -> Callable[[bytes, Mapping[str, bytes | None]], bytes]:
    """The same package with some parts put in, exchanged or (None) left out."""

    def rebuild(package: bytes, parts: Mapping[str, bytes | None]) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(package)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
            names: Iterable[str] = dict.fromkeys([*old.namelist(), *parts])
            for name in names:
                data = parts[name] if name in parts else old.read(name)
                if data is not None:
                    new.writestr(name, data)
        return out.getvalue()

    return rebuild
