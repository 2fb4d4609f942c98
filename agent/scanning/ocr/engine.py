"""The two networks at work: boxes of text in a picture, and the words in a box. One thread, no file, no network.

The detector marks where text stands (differentiable binarisation: a map of how likely each pixel belongs to the core
of a line; a box is the core's smallest rectangle, grown again). The recogniser reads one line of 48 pixels' height
and says a character, or none, for every eight pixels (connectionist temporal classification).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from agent.scanning.ocr.models import Models

Pixels = NDArray[np.uint8]
"""Height × width × blue, green, red."""

GRAIN = 32
"""Pixels of which the detector's sides must be multiples."""
LIKELY, CERTAIN = 0.3, 0.5
"""From which likelihood a pixel belongs to a line's core, and from which mean a core is one."""
GROWTH = 1.6
"""Area of a core over its circumference, times this, is the width of the rim that it is grown by."""
MOST_BOXES = 600
LINE = 48
"""Height in pixels at which lines are read."""
WIDEST = 1600
"""Width in pixels of the longest line that is read in one go; a longer one is squeezed."""
STEP = 160
"""Widths are filled up to multiples of this: each new one costs the network a preparation."""


class Box(msgspec.Struct, frozen=True):
    """A slanted rectangle around one line of text, in pixels; ``angle`` in degrees, clockwise, -45 to 45."""

    x: float
    """Of the centre."""
    y: float
    width: float
    height: float
    angle: float

    @property
    def upright(self) -> bool:
        """Whether it is clearly higher than wide, as lines of a page on its side are."""
        return self.height > 1.5 * self.width


class Engine:
    """The networks, loaded. Holds no state of any picture."""

    def __init__(self, models: Models) -> None:
        cv2.setNumThreads(1)
        self._detector = cv2.dnn.readNetFromONNX(str(models.detector))
        self._recogniser = cv2.dnn.readNetFromONNX(str(models.recogniser))
        self._characters = np.array(["", *models.characters, " "], dtype=object)

    def boxes(self, picture: Pixels) -> list[Box]:
        """Boxes of the lines of text in a picture, from the top."""
        height, width = picture.shape[:2]
        high, wide = (max(GRAIN, -(-side // GRAIN) * GRAIN) for side in (height, width))
        filled = cv2.copyMakeBorder(picture, 0, high - height, 0, wide - width, cv2.BORDER_REPLICATE)
        self._detector.setInput(_normalised(filled))
        likely = self._detector.forward()[0, 0][:height, :width]
        return sorted(_boxes(likely), key=lambda box: box.y)

    def read(self, lines: Sequence[Pixels]) -> list[tuple[str, float]]:
        """Text of each line, cut out and upright, and how sure of it the network is, 0 to 1."""
        return [self._line(line) for line in lines]

    def _line(self, line: Pixels) -> tuple[str, float]:
        height, width = line.shape[:2]
        wanted = min(WIDEST, max(LINE // 2, round(width * LINE / height)))
        scaled = cv2.resize(line, (wanted, LINE), interpolation=cv2.INTER_AREA if height > LINE else cv2.INTER_CUBIC)
        values = np.zeros((1, 3, LINE, -(-wanted // STEP) * STEP), np.float32)
        values[:, :, :, :wanted] = _normalised(scaled)
        self._recogniser.setInput(values)
        said: NDArray[np.float32] = self._recogniser.forward()[0]
        best = said.argmax(axis=1)
        new = best != np.concatenate(([0], best[:-1]))
        kept = np.flatnonzero(new & (best != 0) & (best < len(self._characters)))
        if not kept.size:
            return "", 0.0
        return "".join(self._characters[best[kept]]), float(said[kept, best[kept]].mean())


def cut(picture: Pixels, box: Box) -> Pixels:
    """The line in a box, turned level; one that is clearly higher than wide is laid on its side."""
    width, height = max(2, round(box.width)), max(2, round(box.height))
    turn = cv2.getRotationMatrix2D((box.x, box.y), box.angle, 1.0)
    turn[0, 2] += width / 2 - box.x
    turn[1, 2] += height / 2 - box.y
    line = cv2.warpAffine(picture, turn, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return cast("Pixels", np.rot90(line).copy() if box.upright else line)


def _normalised(picture: Any) -> Any:
    return cv2.dnn.blobFromImage(picture, 1 / 127.5, mean=(127.5, 127.5, 127.5))


def _boxes(likely: NDArray[np.float32]) -> list[Box]:
    core = (likely > LIKELY).astype(np.uint8)
    core = cast("NDArray[np.uint8]", cv2.dilate(core, np.ones((2, 2), np.uint8)))
    outlines, _ = cv2.findContours(core, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    found = []
    for outline in outlines[:MOST_BOXES]:
        box = _level(cv2.minAreaRect(outline))
        if min(box.width, box.height) < 3 or _mean(likely, outline) < CERTAIN:
            continue
        rim = 2 * GROWTH * box.width * box.height / (2 * (box.width + box.height))
        if min(box.width, box.height) + rim >= 5:
            found.append(Box(box.x, box.y, box.width + rim, box.height + rim, box.angle))
    return found


def _level(rectangle: Any) -> Box:
    """OpenCV's rectangle with the angle that is nearest to level."""
    (x, y), (width, height), angle = rectangle
    while angle > 45:
        angle, width, height = angle - 90, height, width
    while angle < -45:
        angle, width, height = angle + 90, height, width
    return Box(x, y, width, height, angle)


def _mean(likely: NDArray[np.float32], outline: Any) -> float:
    left, top, width, height = cv2.boundingRect(outline)
    mask = np.zeros((height, width), np.uint8)
    cv2.fillPoly(mask, [outline - (left, top)], (1,))
    return float(cv2.mean(likely[top : top + height, left : left + width], mask)[0])
