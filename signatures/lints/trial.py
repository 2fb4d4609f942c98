"""A trial of patterns on texts made to be hard for them, in a process that may be ended.

Run as ``python -I -m signatures.lints.trial``: reads one job a line from standard input (JSON), tells on standard
output that it begins a job and how long the slowest text took. Where a job runs out of processor time, the system
ends the process; whoever started it sees which job had begun.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from math import ceil

import msgspec

try:
    import resource
except ImportError:  # not on Windows; there the patience of the one who waits must do
    resource = None  # type: ignore[assignment]

SIZES = (60, 125, 250, 500, 1000)
"""Characters of the texts, growing: the grammar reads no longer line in one piece."""
TOO_SLOW = 0.25
"""Processor seconds that no text of these sizes may take."""
GRACE = 0.5
"""Processor seconds that a job is let run at least; the system ends it within a second more."""
PATIENCE = 20.0
"""Seconds of the clock that a job is waited for, on a busy computer."""


class Attack(msgspec.Struct, frozen=True):
    """Texts of one make: a beginning, something repeated until the size is reached, and an end that spoils it."""

    prefix: str
    pump: str
    suffix: str


class Job(msgspec.Struct, frozen=True):
    """One pattern and the texts to try it on."""

    pattern: str
    searched: bool
    attacks: list[Attack]


class Said(msgspec.Struct, frozen=True):
    """What the process says of a job: that it begins (no seconds), then how long the slowest text took."""

    job: int
    seconds: float | None = None
    size: int = 0


def slow(jobs: Sequence[Job]) -> dict[int, int]:
    """The jobs, by number, whose pattern is too slow, each with the number of characters at which it was."""
    found: dict[int, int] = {}
    begin = 0
    while begin < len(jobs):
        done = _run(jobs[begin:])
        for said in done:
            if said.seconds is not None and said.seconds > TOO_SLOW:
                found[begin + said.job] = said.size
        last = done[-1] if done else Said(0)
        if last.seconds is not None and last.job == len(jobs) - begin - 1:
            break
        stuck = last.job + (last.seconds is not None)
        found[begin + stuck] = last.size or SIZES[-1]
        begin += stuck + 1
    return found


def _run(jobs: Sequence[Job]) -> list[Said]:
    """What one process says of the jobs, until it has done them all or is ended."""
    program = [sys.executable, "-I", "-m", "signatures.lints.trial"]
    lines = b"".join(msgspec.json.encode(job) + b"\n" for job in jobs)
    patience = PATIENCE + len(jobs)
    try:
        out = subprocess.run(
            program, input=lines, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=patience, check=False
        ).stdout
    except subprocess.TimeoutExpired as late:
        out = late.stdout or b""
    return [msgspec.json.decode(line, type=Said) for line in out.split(b"\n") if line.endswith(b"}")]


def main() -> int:
    """Do the jobs on standard input. Returns the exit status."""
    for number, line in enumerate(sys.stdin.buffer):
        job = msgspec.json.decode(line, type=Job)
        _say(Said(number))
        if resource is not None:
            allowed = ceil(time.process_time() + GRACE)
            resource.setrlimit(resource.RLIMIT_CPU, (allowed, resource.RLIM_INFINITY))
        _say(Said(number, *_slowest(job)))
    return 0


def _say(said: Said) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(said) + b"\n")
    sys.stdout.buffer.flush()


def _slowest(job: Job) -> tuple[float, int]:
    """Seconds of the slowest text and its size; gives up at the first that is too slow."""
    compiled = re.compile(job.pattern)
    hold: Callable[[str], object] = compiled.search if job.searched else compiled.fullmatch
    worst, at = 0.0, 0
    for size in SIZES:
        for attack in job.attacks:
            rounds = max(1, (size - len(attack.prefix)) // max(1, len(attack.pump)))
            text = (attack.prefix + attack.pump * rounds)[:size] + attack.suffix
            begun = time.process_time()
            hold(text)
            taken = time.process_time() - begun
            if taken > worst:
                worst, at = taken, size
            if worst > TOO_SLOW:
                return worst, at
    return worst, at


if __name__ == "__main__":
    sys.exit(main())
