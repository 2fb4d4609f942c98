"""What a person at the computer asks of the running agent: small files in a folder that only root can write.

The agent listens nowhere; a command leaves a request in ``STATE/requests`` and the agent takes it within a second.
"""

from __future__ import annotations

from pathlib import Path

from agent.reporting.identity import make_private

FOLDER = "requests"
KNOWN = ("scan-media", "release-media")
"""What can be asked for."""


def leave_request(state: Path, what: str) -> None:
    """Ask the agent for something. Raises `OSError`, `ValueError` for what is not known."""
    if what not in KNOWN:
        raise ValueError(f"{what!r} is nothing the agent can be asked for")
    make_private(state / FOLDER)
    (state / FOLDER / what).touch(mode=0o600)


def take_requests(state: Path) -> list[str]:
    """What was asked for since the last look; each is told once."""
    taken = []
    for what in KNOWN:
        try:
            (state / FOLDER / what).unlink()
        except OSError:
            continue
        taken.append(what)
    return taken
