"""What kind of system a tree holds: its family, its programs, its services, its settings files."""

from __future__ import annotations

import configparser
from collections.abc import Iterator

from agent.checks.tree import DAMAGED, Tree, Unreadable

BINARIES = ("usr/bin", "usr/sbin", "usr/local/bin", "usr/local/sbin", "bin", "sbin", "opt/bin")
UNITS = ("etc/systemd/system", "usr/lib/systemd/system", "lib/systemd/system")


def release(tree: Tree) -> dict[str, str]:
    """``os-release``: ID, ID_LIKE, VERSION_ID, PRETTY_NAME …; empty where the tree has none."""
    name = tree.first("etc/os-release", "usr/lib/os-release")
    found = {}
    for line in tree.lines(name) if name else []:
        key, sign, value = line.partition("=")
        if sign:
            found[key] = value.strip("\"'")
    return found


def family(tree: Tree) -> str:
    """``debian``, ``redhat`` or ``other``: by ID_LIKE and what is there, never by a product's name."""
    told = release(tree)
    words = set(f"{told.get('ID', '')} {told.get('ID_LIKE', '')}".lower().split())
    if words & {"debian", "ubuntu"} or tree.exists("var/lib/dpkg/status"):
        return "debian"
    if words & {"rhel", "fedora", "centos", "openeuler", "anolis"} or tree.exists("var/lib/rpm"):
        return "redhat"
    return "other"


def program(tree: Tree, *names: str) -> str | None:
    """The first of these programs that is there: a bare name is looked for where programs lie, a path as it is."""
    for name in names:
        places = (name.strip("/"),) if "/" in name else tuple(f"{folder}/{name}" for folder in BINARIES)
        found = tree.first(*places)
        if found:
            return found
    return None


def enabled(tree: Tree, *units: str) -> str | None:
    """The first of these services that is started with the system; None where none is."""
    for folder in ("etc/systemd/system", "usr/lib/systemd/system", "lib/systemd/system"):
        for name in tree.names(folder):
            if name.endswith((".wants", ".requires")):
                wanted = set(tree.names(f"{folder}/{name}"))
                for unit in units:
                    if unit in wanted:
                        return unit
    for unit in units:
        if tree.glob(f"etc/rc*.d/S*{unit.removesuffix('.service')}"):
            return unit
    return None


def has_unit(tree: Tree, *units: str) -> str | None:
    """The first of these services that is installed, started or not."""
    return next((unit for unit in units if tree.first(*(f"{folder}/{unit}" for folder in UNITS))), None)


def ini(tree: Tree, path: str) -> configparser.ConfigParser | None:
    """A settings file of sections; None where there is none. Raises `Unreadable` where it cannot be understood."""
    text = tree.read(path)
    if text is None:
        return None
    parser = configparser.ConfigParser(strict=False, interpolation=None, allow_no_value=True)
    try:
        parser.read_string(text, path)
    except configparser.Error as error:
        raise Unreadable(path, DAMAGED) from error
    return parser


def inis(tree: Tree, *patterns: str) -> Iterator[tuple[str, configparser.ConfigParser]]:
    """Every settings file of sections that fits one of the patterns, by pattern and then by name."""
    for pattern in patterns:
        for path in tree.glob(pattern):
            parser = ini(tree, path)
            if parser is not None:
                yield path, parser


def is_true(value: str | None) -> bool:
    """Whether a value of a settings file means yes."""
    return (value or "").strip().lower() in {"1", "true", "yes", "on"}


def is_portable(tree: Tree) -> bool | None:
    """Whether it is a laptop by its chassis or battery; None for an offline tree that says nothing."""
    chassis = (tree.read("sys/class/dmi/id/chassis_type") or "").strip()
    if tree.glob("sys/class/power_supply/BAT*"):
        return True
    return chassis in {"8", "9", "10", "11", "14", "30", "31", "32"} if chassis else None
