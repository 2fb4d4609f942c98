"""The collector's log: fixed messages, and of an exception its type and where it came up, never its text."""

from __future__ import annotations

import logging
import traceback
from types import TracebackType


class Formatter(logging.Formatter):
    """One line a message; an exception's own message is left away, for it may hold what was being worked on."""

    def formatException(
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None],
    ) -> str:
        """Type and frames of an exception and of those that led to it."""
        parts: list[str] = []
        error = ei[1]
        while error is not None:
            parts.append("".join(traceback.format_tb(error.__traceback__)) + type(error).__name__)
            error = error.__cause__ or error.__context__
        return "\nbrought about by\n".join(parts)


class NotBusy(logging.Filter):
    """Leaves away that a request was put off with 503: why was told once already, and every sender tries again."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is written."""
        return getattr(record, "status_code", None) != 503
