"""Red ink: stamps are red, and where they lie over print neither is read as long as both are seen."""

from __future__ import annotations

from typing import Any, cast

import cv2
import numpy as np

from agent.scanning.ocr.engine import Pixels

REDDER = 45
"""Steps by which red must stand out from green and blue."""
CLEAR = 0.85
"""How sure the network must be of a line for nobody to look at its ink a second time."""
SPECK = 250
"""Pixels of red ink below which there is nothing to read in it."""
MARGIN = 24


def _redness(pixels: Pixels) -> Any:
    """By how much red stands out of each pixel."""
    blue, green, red = cv2.split(pixels)
    return cv2.subtract(red, cv2.max(blue, green))


def is_red(line: Pixels) -> bool:
    """Whether a line's ink is red: of what is not paper, a good part."""
    redness = _redness(line)
    red = int(cv2.countNonZero((redness > REDDER).astype(np.uint8)))
    dark = int(cv2.countNonZero((line.max(axis=2) < 110).astype(np.uint8)))
    return red > 0.03 * redness.size and red > dark


def only_red(pixels: Pixels) -> Pixels:
    """Red ink as black on white, and nothing else."""
    strength = cv2.convertScaleAbs(_redness(pixels), alpha=2.2)
    return cast("Pixels", cv2.merge([cv2.bitwise_not(strength)] * 3))


def without_red(pixels: Pixels) -> Pixels:
    """As through a red glass: red ink vanishes, black stays."""
    return cast("Pixels", cv2.merge([cv2.split(pixels)[2]] * 3))


def unread(pixels: Pixels, read: list[tuple[float, float, float, float]]) -> tuple[int, int, int, int] | None:
    """Left, top, right and bottom of the red ink outside what was read; None where there is not enough of it."""
    red = (_redness(pixels) > REDDER).astype(np.uint8)
    for left, top, right, bottom in read:
        red[max(0, int(top) - 4) : max(0, int(bottom) + 4), max(0, int(left) - 4) : max(0, int(right) + 4)] = 0
    red = cast("Pixels", cv2.morphologyEx(red, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)))
    count = int(cv2.countNonZero(red))
    if count < SPECK or count > 0.4 * red.size:
        return None
    left, top, width, height = cv2.boundingRect(red)
    return (
        max(0, left - MARGIN),
        max(0, top - MARGIN),
        min(int(pixels.shape[1]), left + width + MARGIN),
        min(int(pixels.shape[0]), top + height + MARGIN),
    )
