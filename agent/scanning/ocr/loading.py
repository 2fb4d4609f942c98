"""Loading OCR into a process that is to fork workers: everything they will use, and no thread beside the one there is.

Once loaded nothing is opened any more: a worker that is shut off from files and network reads as well.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

from agent.scanning.formats.base import Picture

if TYPE_CHECKING:
    from agent.scanning.ocr.reader import Reader


_TRIED: tuple[tuple[str, dict[str, str]], ...] = (
    *((kind, {}) for kind in ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "GIF", "JPEG2000")),
    ("TIFF", {"compression": "group4"}),
)
"""Kinds of pictures that are read once, so that nothing has to be loaded for one later."""


class ThreadsStarted(Exception):
    """A library started threads of its own: a process with threads can neither be forked nor confined."""


def load(seconds: float) -> Reader:
    """What reads pictures, warm. Raises `models.ModelsMissing`, `ThreadsStarted`, ImportError."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"  # read when the library is loaded
    import numpy as np
    from PIL import Image

    from agent.scanning.ocr import models, repair
    from agent.scanning.ocr.engine import LINE, Engine
    from agent.scanning.ocr.reader import Reader

    Image.init()  # every decoder, now
    engine = Engine(models.find())
    engine.read([np.full((LINE, LINE, 3), 255, np.uint8)])
    reader = Reader(engine, repair.Repair(repair.known()), 3600.0)
    reader.begin()
    for kind, options in _TRIED:
        try:
            written = io.BytesIO()
            Image.new("1" if options else "RGB", (64, 64), 255).save(written, kind, **options)
        except (OSError, KeyError):
            continue  # this build of Pillow was made without it
        list(reader.look(Picture(written.getvalue), lambda _: True))
    if len(list(Path("/proc/self/task").iterdir())) > 1:
        raise ThreadsStarted
    return Reader(engine, repair.Repair(repair.known()), seconds)
