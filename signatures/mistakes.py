"""What is told of a mistake in a file that a person wrote. By itself: whoever only meets it need not load YAML."""

from __future__ import annotations

from pathlib import Path


class FileMistake(Exception):
    """Something wrong in a file that a person wrote. ``str()`` names file, line and what to do."""

    def __init__(self, path: Path | str, line: int, message: str) -> None:
        super().__init__(f"{path}:{line}: {message}")
        self.path = path
        self.line = line
        self.message = message
