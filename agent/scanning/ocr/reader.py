"""Pictures to passages, within a budget: what the examiner of a worker with OCR asks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import cast

import cv2
import msgspec
import numpy as np
from msgspec.structs import replace

from agent.scanning.formats.base import Drawn, NotExamined, Picture
from agent.scanning.ocr import decode, page, zones
from agent.scanning.ocr.engine import Engine, Pixels
from agent.scanning.ocr.repair import Repair
from protocol.records import Reason
from signatures.passages import Passage, Zone

SMALLEST = (40, 16)
"""Width and height in pixels below which a picture has no room for a marking."""
WHOLE_PAGES = 1
"""Pages of a document that are looked at from top to bottom; of later ones top and bottom first."""
MIDDLES = 60
"""Later pages of one file whose middles are kept to be read at the end."""
_SHARE_OF_MIDDLES = 0.5
"""Share of a file's time after which no middle of a later page is begun: other files in it have their heads."""
_QUALITY = 92


class Middle(msgspec.Struct, frozen=True):
    """A later page of which the top and the bottom were read: packed, for there may be many."""

    number: int
    packed: Pixels
    skew: float
    lines: list[page.Line]
    told: frozenset[tuple[Zone, str]]
    """What was already said of it."""


class Reader:
    """Reads pictures of one file after another. `begin` starts the clock of a file."""

    def __init__(
        self, engine: Engine, repair: Repair, seconds: float, clock: Callable[[], float] = time.process_time
    ) -> None:
        """``seconds`` by ``clock`` that one file with all its members may cost."""
        self._engine = engine
        self._repair = repair
        self._seconds = seconds
        self._clock = clock
        self._until = 0.0

    def begin(self) -> None:
        """A new file: its budget begins now."""
        self._until = self._clock() + self._seconds

    def look(
        self, picture: Picture, enough: Callable[[list[Passage]], bool], later: list[Middle] | None = None
    ) -> Iterator[Passage]:
        """The passages of a picture, page by page.

        ``enough`` is asked after each part of a page, with what was read of that page, whether that will do for it.
        What is left out of later pages is added to ``later``, for `rest`.
        Raises `NotExamined`: ``timeout`` once the file's budget is spent, else as `decode.frames` does.
        """
        for number, pixels in enumerate(self._pages(picture), start=picture.page):
            height, width = pixels.shape[:2]
            if width >= SMALLEST[0] and height >= SMALLEST[1]:
                for passage in self._page(pixels, number, enough, later):
                    yield passage if picture.zone is None else replace(passage, zone=picture.zone)

    def rest(self, later: list[Middle], enough: Callable[[list[Passage]], bool]) -> Iterator[Passage]:
        """What stands between top and bottom of later pages, as far as half of the file's time goes."""
        for one in later:
            if self._clock() > self._until - _SHARE_OF_MIDDLES * self._seconds:
                return
            pixels = cast("Pixels", cv2.imdecode(one.packed, cv2.IMREAD_COLOR))
            kept = page.Page(pixels, list(one.lines), one.skew)
            found: list[Passage] = []
            late = False
            try:
                for so_far in page.middle(self._engine, kept, tick=self._tick):
                    found = zones.passages(so_far, one.number, self._repair)
                    if enough(found):
                        break
            except NotExamined:
                late = True
            yield from (passage for passage in found if (passage.zone, passage.text) not in one.told)
            if late:
                return

    def _page(
        self,
        pixels: Pixels,
        number: int,
        enough: Callable[[list[Passage]], bool],
        later: list[Middle] | None,
    ) -> Iterator[Passage]:
        found: list[Passage] = []
        late = None
        so_far: page.Page | None = None
        done = False
        try:
            for so_far in page.read(self._engine, pixels, tick=self._tick, ends=number > WHOLE_PAGES):
                found = zones.passages(so_far, number, self._repair)
                if done := enough(found):
                    break
        except NotExamined as problem:
            late = problem
        yield from found
        if late is not None:
            raise late
        if later is None or so_far is None or done or number <= WHOLE_PAGES:
            return
        if len(later) < MIDDLES and page.has_middle(so_far):
            packed = np.asarray(cv2.imencode(".jpg", so_far.pixels, (cv2.IMWRITE_JPEG_QUALITY, _QUALITY))[1])
            told = frozenset((passage.zone, passage.text) for passage in found)
            later.append(Middle(number, packed, so_far.skew, so_far.lines, told))

    def _pages(self, picture: Picture) -> Iterator[Pixels]:
        self._tick()
        loaded = picture.load()
        if isinstance(loaded, Drawn):
            yield decode.drawn(loaded)
        else:
            yield from decode.frames(loaded)

    def _tick(self) -> None:
        if self._clock() > self._until:
            raise NotExamined(Reason.TIMEOUT, "reading the pictures takes too long")
