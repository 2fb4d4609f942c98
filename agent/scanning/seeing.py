"""What of one file or member has to be seen rather than read: pictures, by a worker that can, told by one that cannot.

Most workers have no OCR: to them a picture is something that was missed, and the file is handed on. In the worker
that has it, the passages of a picture belong to the file or member that shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from agent.scanning.formats.base import NotExamined, OnlyPictures, Picture
from protocol.records import Finding, Reason
from signatures.engine import Sieve
from signatures.markings.circumstances import UNKNOWN, Circumstances
from signatures.passages import Passage

ENOUGH = 70
"""Confidence of a finding from which the rest of a page need not be looked at: that of an alert."""
_UTF8 = frozenset({"utf-8"})


class Eyes(Protocol):
    """What reads pictures (see `agent.scanning.ocr.reader`)."""

    def begin(self) -> None:
        """A new file from disk: its budget begins now."""
        ...

    def look(
        self, picture: Picture, enough: Callable[[list[Passage]], bool], later: list[Any] | None = None
    ) -> Iterator[Passage]:
        """The passages of a picture; ``enough`` says of those read so far whether the rest of a page can be left.

        What is put off for want of time goes to ``later``.
        """
        ...

    def rest(self, later: list[Any], enough: Callable[[list[Passage]], bool]) -> Iterator[Passage]:
        """The passages of what was put off, as far as there is time for it."""
        ...


class Judge(Protocol):
    """The grammar (see `signatures.markings`)."""

    def find(
        self, passages: Sequence[Passage], *, least: int = 45, about: Circumstances = UNKNOWN
    ) -> tuple[Finding, ...]:
        """The findings in one file's passages."""
        ...


class Sight:
    """The pictures of one file or member, and how looking at them went."""

    def __init__(self, eyes: Eyes | None, sieve: Sieve, judge: Judge, passages: list[Passage]) -> None:
        """``passages`` are the file's: what is read goes there."""
        self._eyes = eyes
        self._sieve = sieve
        self._judge = judge
        self._passages = passages
        self._looked = 0
        self._later: list[Any] = []
        self._problem: NotExamined | None = None
        self.missed = 0
        """Pictures that this process cannot read."""

    def meet(self, picture: Picture) -> None:
        """Look at a picture, or note that it was missed. Raises `NotExamined` ``timeout`` where there is no time."""
        if self._eyes is None:
            self.missed += 1
            return
        try:
            for passage in self._eyes.look(picture, self._enough, self._later):
                self._passages.append(passage)
            self._looked += 1
        except NotExamined as problem:
            if problem.reason is Reason.TIMEOUT:
                raise
            self._problem = self._problem or problem

    def finish(self, rest: OnlyPictures | None) -> None:
        """Look at what was put off. Raise what keeps a file from being examined whose ``rest`` is pictures.

        One bad picture in a text is none.
        """
        if self._eyes is not None and self._later:
            self._passages.extend(self._eyes.rest(self._later, self._enough))
        if rest is None:
            return
        if self._problem is not None:
            raise self._problem
        if not self._looked:
            raise rest

    def _enough(self, read: list[Passage]) -> bool:
        text = "\n".join(passage.text for passage in read)
        if not self._sieve.worth(text.encode("utf-8", "replace"), encodings=_UTF8):
            return False
        return bool(self._judge.find([*self._passages, *read], least=ENOUGH))
