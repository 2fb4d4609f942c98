"""Pictures to passages, within a budget: what the examiner of a worker with OCR asks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from agent.scanning.formats.base import Drawn, NotExamined, Picture
from agent.scanning.ocr import decode, page, zones
from agent.scanning.ocr.engine import Engine, Pixels
from agent.scanning.ocr.repair import Repair
from protocol.records import Reason
from signatures.passages import Passage

SMALLEST = (40, 16)
"""Width and height in pixels below which a picture has no room for a marking."""
WHOLE_PAGES = 1
"""Pages of a document that are looked at from top to bottom; of later ones top and bottom only."""


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

    def look(self, picture: Picture, enough: Callable[[list[Passage]], bool]) -> Iterator[Passage]:
        """The passages of a picture, page by page.

        ``enough`` is asked after each part of a page, with what was read of that page, whether that will do for it.
        Raises `NotExamined`: ``timeout`` once the file's budget is spent, else as `decode.frames` does.
        """
        for number, pixels in enumerate(self._pages(picture), start=picture.page):
            height, width = pixels.shape[:2]
            if width >= SMALLEST[0] and height >= SMALLEST[1]:
                yield from self._page(pixels, number, enough)

    def _page(self, pixels: Pixels, number: int, enough: Callable[[list[Passage]], bool]) -> Iterator[Passage]:
        found: list[Passage] = []
        late = None
        try:
            for so_far in page.read(self._engine, pixels, tick=self._tick, ends=number > WHOLE_PAGES):
                found = zones.passages(so_far, number, self._repair)
                if enough(found):
                    break
        except NotExamined as problem:
            late = problem
        yield from found
        if late is not None:
            raise late

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
