"""Where things lie in a Windows tree: hives, homes, files by names of any case, the control set in force."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from agent.checks.tree import DAMAGED, Tree, Unreadable
from agent.checks.windows.hive import Hive

Name = Literal["SYSTEM", "SOFTWARE", "SAM", "SECURITY"]
CONFIG = "Windows/System32/config"
CURRENT_VERSION = r"Microsoft\Windows NT\CurrentVersion"
POLICIES = r"Microsoft\Windows\CurrentVersion\Policies"
UNINSTALL = (
    r"Microsoft\Windows\CurrentVersion\Uninstall",
    r"WOW6432Node\Microsoft\Windows\CurrentVersion\Uninstall",
)
_NO_HOMES = {"public", "default", "default user", "all users", "defaultapppool"}
DISABLED = 4
"""``Start`` of a service that never runs; 2 is started with the system."""


def found(tree: Tree, path: str) -> str | None:
    """The name a path has in the tree, found whatever the case of its parts; None where there is none."""
    if tree.exists(path):
        return path
    here = ""
    for part in path.split("/"):
        name = next((one for one in tree.names(here) if one.lower() == part.lower()), None)
        if name is None:
            return None
        here = f"{here}/{name}" if here else name
    return here


def is_windows(tree: Tree) -> bool:
    """Whether the tree holds a Windows system: it has a hive SYSTEM where Windows keeps it."""
    return not tree.live and found(tree, f"{CONFIG}/SYSTEM") is not None


@contextmanager
def hive(tree: Tree, name: Name) -> Iterator[Hive]:
    """One hive of the computer. Raises `Unreadable`, also where it is not there."""
    path = found(tree, f"{CONFIG}/{name}") or f"{CONFIG}/{name}"
    with opened(tree, path) as one:
        yield one


@contextmanager
def opened(tree: Tree, path: str) -> Iterator[Hive]:
    """A hive by its path. Raises `Unreadable`, also where there is none."""
    with tree.opened(path) as descriptor:
        if descriptor is None:
            raise Unreadable(path, DAMAGED)
        yield Hive(path, descriptor)


def homes(tree: Tree) -> list[tuple[str, str]]:
    """Name and folder of everybody who has signed in here."""
    folder = found(tree, "Users")
    if folder is None:
        return []
    return [
        (name, f"{folder}/{name}")
        for name in tree.names(folder)
        if name.lower() not in _NO_HOMES and found(tree, f"{folder}/{name}/NTUSER.DAT")
    ]


def users(tree: Tree) -> Iterator[tuple[str, Hive]]:
    """Name and own hive of everybody who has signed in here. Raises `Unreadable`."""
    for name, folder in homes(tree):
        path = found(tree, f"{folder}/NTUSER.DAT")
        if path is not None:
            with opened(tree, path) as one:
                yield name, one


def control(system: Hive, path: str = "") -> str:
    """A key of the control set that is in force, such as ``Services``, by its full name."""
    current = system.number("Select", "Current") or 1
    return rf"ControlSet{current:03d}\{path}"


def service(system: Hive, name: str) -> int | None:
    """How a service is started (2 with the system, 3 on demand, 4 never); None where it is not installed."""
    return system.number(control(system, rf"Services\{name}"), "Start")


def services(system: Hive) -> dict[str, int]:
    """Every service that may run, in lower case, and how it is started."""
    started = {}
    for key in system.keys(control(system, "Services")):
        start = system.number(key, "Start")
        if start is not None and start != DISABLED:
            started[key.name.lower()] = start
    return started


def programs(tree: Tree) -> list[str]:
    """The names under which programs are installed, for everybody and for single persons. Raises `Unreadable`."""
    names: dict[str, None] = {}
    with hive(tree, "SOFTWARE") as software:
        for path in UNINSTALL:
            names |= dict.fromkeys(software.text(key, "DisplayName") for key in software.keys(path))
    for _, own in users(tree):
        for key in own.keys(rf"Software\{UNINSTALL[0]}"):
            names[own.text(key, "DisplayName")] = None
    return [name for name in names if name]


def unfinished(tree: Tree) -> list[str]:
    """Hives of the computer whose last changes lie in a transaction log, which is not read."""
    names: tuple[Name, ...] = ("SYSTEM", "SOFTWARE", "SAM")
    late: list[str] = []
    for name in names:
        with hive(tree, name) as one:
            if one.unfinished:
                late.append(name)
    return late
