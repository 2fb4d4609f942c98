"""Whatever lies in a tree, every check answers, quickly, and says why it could not tell."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.checks.base import Context
from agent.checks.families import checks
from protocol.records import CheckOutcome, ComputerClass

Make = Callable[..., Context]
FILES = (
    "etc/passwd", "etc/shadow", "etc/group", "etc/os-release", "etc/login.defs", "etc/pam.d/common-password",
    "etc/pam.d/common-auth", "etc/gdm3/custom.conf", "etc/lightdm/lightdm.conf", "etc/ssh/sshd_config",
    "etc/samba/smb.conf", "etc/exports", "etc/cups/printers.conf", "etc/crypttab", "etc/fstab", "etc/nftables.conf",
    "etc/ufw/ufw.conf", "etc/modprobe.d/a.conf", "var/log/dpkg.log", "var/log/cups/page_log", "etc/chrony.conf",
    "var/lib/clamav/daily.cld", "home/zhang/.local/share/recently-used.xbel", "etc/apt/sources.list",
    "etc/systemd/journald.conf", "etc/audit/audit.rules", "proc/net/tcp", "proc/self/mountinfo", "proc/swaps",
    "etc/sudoers", "etc/systemd/coredump.conf", "sys/class/dmi/id/chassis_type",
)  # fmt: skip
HOSTS = [pytest.param(kind, id=kind) for kind in ("pipe", "folder", "circle", "noise", "sparse", "one-line", "gone")]


def spoil(path: Path, kind: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "circle":
        path.symlink_to(path.name)
    elif kind == "noise":
        path.write_bytes(random.Random(path.name).randbytes(20_000))  # noqa: S311
    elif kind == "sparse":
        with path.open("wb") as file:
            file.truncate(2 * 1024**3)
    elif kind == "one-line":
        path.write_bytes(b":" * 500_000 + b"[" * 1000 + b"=" * 1000)


@pytest.mark.parametrize("kind", HOSTS)
def test_every_check_survives_hostile_files(kind: str, make: Make) -> None:
    context = make()
    for name in FILES:
        spoil(context.tree.root / name, kind)
    for live in (False, True):
        context.tree.live = live
        for check in checks().values():
            if check.look.__module__.startswith(("agent.checks.connected", "agent.checks.isolation")):
                continue  # looks at the running kernel, not at the tree
            for computer_class in check.classes:
                result = check.run(make_class(context, computer_class))
                assert isinstance(result.outcome, CheckOutcome)
                if result.outcome is CheckOutcome.ERROR:
                    assert result.why


def make_class(context: Context, computer_class: ComputerClass) -> Context:
    import dataclasses

    return dataclasses.replace(context, computer_class=computer_class)


def test_a_pipe_in_place_of_shadow_is_an_error_with_its_reason(make: Make) -> None:
    context = make()
    spoil(context.tree.root / "etc/shadow", "pipe")
    result = checks()["password-age"].run(context)
    assert result.outcome is CheckOutcome.ERROR
    assert result.why
    assert "not an ordinary file" in result.why.en
    assert result.facts[0].seen == "etc/shadow"


def test_no_check_writes_into_the_tree(make: Make) -> None:
    context = make()
    before = {path: path.lstat().st_mtime_ns for path in context.tree.root.rglob("*")}
    for check in checks().values():
        if not check.look.__module__.startswith(("agent.checks.connected", "agent.checks.isolation")):
            check.run(context)
    assert {path: path.lstat().st_mtime_ns for path in context.tree.root.rglob("*")} == before
