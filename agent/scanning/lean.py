"""Loads msgspec without typing_extensions, which it asks for where installed and, from Python 3.11 on, can do without.

It takes 10 ms to load, in a process that each scan waits for. Whoever needs it later can load it.
"""

from __future__ import annotations

import sys

_NAME = "typing_extensions"

if _NAME not in sys.modules:
    sys.modules[_NAME] = None  # type: ignore[assignment]  # what is None there cannot be imported
    import msgspec  # noqa: F401

    del sys.modules[_NAME]
