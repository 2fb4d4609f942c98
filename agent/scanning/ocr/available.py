"""Whether text in pictures can be read on this computer. Loads nothing."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec

NEEDED = ("cv2", "numpy", "PIL", "rapidocr")
"""Packages of the extra ``ocr``, as they are imported; of the last only the models are used, none of its code."""


@cache
def installed() -> bool:
    """Whether the extra ``ocr`` is installed."""
    return all(find_spec(name) is not None for name in NEEDED)
