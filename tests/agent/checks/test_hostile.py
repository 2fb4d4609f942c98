"""Whatever lies in a tree, every check answers, quickly, and says why it could not tell."""

from __future__ import annotations

import dataclasses
import os
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from agent.checks.base import Context
from agent.checks.families import checks
from agent.checks.tree import Tree
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


class Noting(Tree):
    """A tree that remembers which files were opened."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.asked: set[str] = set()

    def _file(self, path: str) -> AbstractContextManager[int | None]:
        self.asked.add(path.strip("/"))
        return super()._file(path)


LIVED_IN: dict[str, Any] = {
    "home/zhang/.config/chromium/Default/History": {"content": "SQLite format 3\0 and then no database"},
    "home/zhang/.mozilla/firefox/x.default/places.sqlite": {"content": "SQLite format 3\0 and then no database"},
    "home/zhang/.local/share/recently-used.xbel": '<xbel><bookmark href="file:///media/a"></bookmark></xbel>',
    "home/zhang/.ssh/known_hosts": "198.51.100.7 ssh-ed25519 AAAA\n",
    "home/zhang/.config/kscreenlockerrc": "[Daemon]\nTimeout=5\n",
    "home/zhang/.config/dconf/user": {"hex": "4756617269616e7400000000000000001800000080000000"},
    "etc/NetworkManager/system-connections/a.nmconnection": "[connection]\ntype=wifi\nuuid=1\n[wifi]\nssid=x\n",
    "etc/wpa_supplicant/wpa_supplicant.conf": 'network={\n  ssid="x"\n}\n',
    "var/lib/dhcp/dhclient.leases": "lease { fixed-address 192.0.2.7; renew never; }\n",
    "var/log/syslog": "Nov 20 12:00:00 pc kernel: usb 1-1: New USB device found, idVendor=0951, idProduct=1666\n",
    "var/log/kern.log.1": "Nov 20 12:00:00 pc kernel: usb 1-1: New USB device found, idVendor=0951, idProduct=1666\n",
    "var/log/apt/history.log": "Start-Date: 2026-11-01  09:01:12\n",
    "etc/samba/smb.conf": "[global]\n[x]\npath=/x\n",
    "etc/cups/printers.conf": "<Printer a>\nDeviceURI usb://a\n</Printer>\n",
}
"""What people leave on a system, so that the checks of traces have something to open."""


@pytest.mark.parametrize("kind", ["pipe", "circle", "sparse", "noise"])
@pytest.mark.parametrize("system", ["debian-12", "ubuntu-22.04", "windows-7"])
def test_whatever_stands_in_place_of_any_file_a_check_reads_is_told_and_never_a_pass(
    system: str, kind: str, make: Make
) -> None:
    context = make(system, {} if system.startswith("windows") else LIVED_IN, computer_class="confidential")
    root, tried = context.tree.root, 0
    for check in checks().values():
        if "confidential" not in check.classes or check.live_only or check.look.__module__.endswith("isolation_radio"):
            continue
        noting = Noting(root)
        check.run(dataclasses.replace(context, tree=noting))
        for name in sorted(noting.asked):
            path = root / name
            if not path.is_file() or path.is_symlink():
                continue
            content = path.read_bytes()
            path.unlink()
            spoil(path, kind)
            with in_time(f"{check.name} with {kind} for {name}"):
                result = check.run(context)
            path.unlink()
            path.write_bytes(content)
            tried += 1
            assert result.outcome is not CheckOutcome.ERROR or result.why, (check.name, name)
            if kind in ("pipe", "circle"):
                assert result.outcome is not CheckOutcome.PASS, (check.name, name)
    assert tried >= 30


@contextmanager
def in_time(what: str, seconds: int = 60) -> Iterator[None]:
    """Fails where the body takes unreasonably long: a read without an end would."""

    def late(*_: object) -> None:
        raise AssertionError(f"{what} does not end")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def make_class(context: Context, computer_class: ComputerClass) -> Context:
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
