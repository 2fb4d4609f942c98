"""What the processes of a collector cost: processor time and memory, read from ``/proc``."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from server.background import FAN_OUT

_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cost:
    """Seconds of processor, by what they were spent on."""

    intake: float
    """Of the processes that answer requests, and of the one that looks after them."""
    fan_out: float

    def since(self, before: Cost) -> Cost:
        """What was spent after ``before``."""
        return Cost(self.intake - before.intake, self.fan_out - before.fan_out)


def cost(pid: int) -> Cost:
    """What a collector and its children have spent so far."""
    spent = {True: 0.0, False: 0.0}
    for each in [pid, *children(pid)]:
        try:
            stat = Path(f"/proc/{each}/stat").read_text("utf-8", "replace")
        except OSError:
            continue
        name, _, rest = stat.partition("(")[2].rpartition(")")
        fields = rest.split()
        spent[name == FAN_OUT] += (int(fields[11]) + int(fields[12])) / _TICK
    return Cost(spent[False], spent[True])


def resident(pid: int) -> int:
    """Bytes of memory of a process and its children; what they share is counted once (PSS)."""
    total = 0
    for each in [pid, *children(pid)]:
        try:
            lines = Path(f"/proc/{each}/smaps_rollup").read_text("ascii").splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return total


def children(pid: int) -> list[int]:
    """Processes that a process has begun, and those that they have."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            text = task.read_text("ascii")
        except OSError:
            continue
        for child in map(int, text.split()):
            found += [child, *children(child)]
    return found
