"""Notices on Windows: one message for each media session, to whoever is at the computer (WTSSendMessageW)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agent.reporting.desktop import Desktop

ACTIVE = 0
"""WTSActive: somebody is at it; 4 (disconnected) and 6 (listening) are not told."""
SERVICES = 0
"""Session 0 belongs to services: nobody sees it."""


@dataclass(frozen=True, slots=True)
class Session:
    """One session, as WTSEnumerateSessionsW tells it."""

    number: int
    state: int


class Messages(Desktop):
    """Tells in the words of `Desktop`, by messages that Windows shows."""

    def __init__(
        self, sessions: Callable[[], Sequence[Session]], send: Callable[[int, str, str], bool], *, enabled: bool = True
    ) -> None:
        """``send`` shows a title and a text in a session, and says whether it was shown."""
        super().__init__(enabled=enabled)
        self._sessions = sessions
        self._send = send

    def _desktops(self) -> list[str]:
        return []

    def _write(self, text: str) -> bool:
        title, _, body = text.partition("\n")
        there = [one.number for one in self._sessions() if one.state == ACTIVE and one.number != SERVICES]
        shown = [self._send(number, title, body) for number in there]
        return True in shown
