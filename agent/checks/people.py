"""Accounts of a system tree as its files tell them: passwd, shadow and group. Accounts of a directory are not seen."""

from __future__ import annotations

from dataclasses import dataclass

from agent.checks.tree import Tree

NO_LOGIN = ("nologin", "false", "sync", "shutdown", "halt")
FIRST_PERSON = 1000
"""Lowest id of accounts of people (``UID_MIN`` of login.defs on Debian, UOS, Kylin and Red Hat's kin alike)."""
NOBODY = 65534


@dataclass(frozen=True, slots=True)
class Account:
    """One line of passwd."""

    name: str
    uid: int
    gid: int
    home: str
    """Below the root, without a slash in front; empty where it has none."""
    shell: str

    @property
    def may_log_in(self) -> bool:
        """Whether its shell lets a person in."""
        return bool(self.shell) and self.shell.rsplit("/", 1)[-1] not in NO_LOGIN

    @property
    def is_person(self) -> bool:
        """Whether it is an account for people: of an id that people get, with a shell."""
        return FIRST_PERSON <= self.uid != NOBODY and self.may_log_in


@dataclass(frozen=True, slots=True)
class Secret:
    """One line of shadow, without the hash itself."""

    name: str
    state: str
    """``empty``, ``locked``, ``set`` or ``weak`` (hashed by a method that is broken)."""
    changed: int | None
    """Day of the last change since 1970; None where unknown, 0 where it must be changed at once."""
    max_days: int | None
    expires: int | None


def accounts(tree: Tree) -> list[Account]:
    """Every account, in the order of the file. Raises `tree.Unreadable`."""
    found = []
    for line in (tree.read("etc/passwd") or "").splitlines():
        fields = line.split(":")
        if len(fields) == 7 and fields[2].isdigit() and fields[3].isdigit():
            name, _, uid, gid, _, home, shell = fields
            found.append(Account(name, int(uid), int(gid), home.strip("/"), shell.strip()))
    return found


def people(tree: Tree) -> list[Account]:
    """The accounts of people, root's included where it may log in."""
    return [one for one in accounts(tree) if one.is_person or (one.uid == 0 and one.may_log_in)]


def homes(tree: Tree) -> list[Account]:
    """Accounts that have a home of their own which is there."""
    return [one for one in accounts(tree) if (one.is_person or one.uid == 0) and one.home and tree.exists(one.home)]


def secrets(tree: Tree) -> dict[str, Secret] | None:
    """The state of every password by account; None where the tree has no shadow. Raises `tree.Unreadable`."""
    text = tree.read("etc/shadow")
    if text is None:
        return None
    found = {}
    for line in text.splitlines():
        fields = line.split(":")
        if len(fields) >= 8:
            state = _state(fields[1])
            found[fields[0]] = Secret(fields[0], state, _days(fields[2]), _days(fields[4]), _days(fields[7]))
    return found


def groups(tree: Tree) -> dict[str, tuple[int, tuple[str, ...]]]:
    """Group → its id and its members of name."""
    found = {}
    for line in (tree.read("etc/group") or "").splitlines():
        fields = line.split(":")
        if len(fields) == 4 and fields[2].isdigit():
            found[fields[0]] = int(fields[2]), tuple(filter(None, fields[3].strip().split(",")))
    return found


def _state(field: str) -> str:
    if field == "":
        return "empty"
    if field[0] in "!*" or field == "x":
        return "locked"
    if field.startswith("$1$") or not field.startswith(("$", "_")):  # MD5, DES
        return "weak"
    return "set"


def _days(field: str) -> int | None:
    return int(field) if field.lstrip("-").isdigit() else None
