"""A machine in a network namespace of its own, wired to a wall in another, and trees to read."""

from __future__ import annotations

import lzma
import os
import subprocess
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
import yaml

from agent.checks.base import Context
from agent.checks.isolation_namespaces import within
from agent.checks.network import NetworkState, observe_here
from agent.checks.tree import Tree
from protocol.records import ComputerClass, Level
from signatures.profiles import Parameters, overridden

T = TypeVar("T")


class Machine:
    """A computer with real interfaces that are wired to nothing but the wall."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.wall = f"{name}-w"
        self.descriptors: list[int] = []

    def ip(self, *commands: str) -> None:
        """Run ``ip`` on it, one call for each line."""
        for command in commands:
            subprocess.run(["ip", "-n", self.name, *command.split()], check=True, capture_output=True, text=True)

    def at_wall(self, *commands: str) -> None:
        """Run ``ip`` at the other end of its cables."""
        for command in commands:
            subprocess.run(["ip", "-n", self.wall, *command.split()], check=True, capture_output=True, text=True)

    def cable(self, name: str, *addresses: str, plugged: bool = True) -> None:
        """A network card with a cable to the wall, and its addresses."""
        self.ip(f"link add {name} type veth peer name {name} netns {self.wall}", f"link set {name} up")
        if plugged:
            self.at_wall(f"link set {name} up")
        for address in addresses:
            self.ip(f"addr add {address} dev {name}" + (" nodad" if ":" in address else ""))

    def set(self, name: str, value: str) -> None:
        """A kernel setting (sysctl) of this machine."""
        subprocess.run(["ip", "netns", "exec", self.name, "sysctl", "-qw", f"{name}={value}"], check=True)

    def see(self) -> NetworkState:
        """What the agent sees on it."""
        return self.do(observe_here)

    def do(self, act: Callable[[], T]) -> T:
        """What a function gives when it is run on this machine."""
        return self._do(self.name, act)

    def do_at_wall(self, act: Callable[[], T]) -> T:
        """The same at the other end of its cables."""
        return self._do(self.wall, act)

    def _do(self, name: str, act: Callable[[], T]) -> T:
        seen = within(Path("/run/netns") / name, act)
        assert seen is not None
        return seen


def namespaces_work() -> bool:
    if os.geteuid() != 0:
        return False
    name = f"mijian-{uuid.uuid4().hex[:8]}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False)
    subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
    return made.returncode == 0


@pytest.fixture
def machine() -> Iterator[Machine]:
    """A machine with no cable in it."""
    if not namespaces_work():
        pytest.skip("network namespaces need root, and a kernel that has them")
    made = Machine(f"mj{uuid.uuid4().hex[:8]}")
    for name in (made.name, made.wall):
        subprocess.run(["ip", "netns", "add", name], check=True)
    made.ip("link set lo up")
    yield made
    for descriptor in made.descriptors:
        os.close(descriptor)
    for name in (made.name, made.wall):
        subprocess.run(["ip", "netns", "del", name], check=True)


@pytest.fixture
def plant(tmp_path: Path) -> Callable[[dict[str, str | bytes]], Path]:
    """Writes a tree of files below a root, and gives the root."""

    def write(files: dict[str, str | bytes]) -> Path:
        root = tmp_path / "root"
        root.mkdir(exist_ok=True)
        for name, content in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return root

    return write


NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
"""The moment of every case: day 20777 since 1970."""
SYSTEMS = Path(__file__).parent / "systems"
DATA = Path(__file__).parent / "data"

Make = Callable[..., Context]


def build(root: Path, files: Mapping[str, Any]) -> None:
    """Make files below ``root``: text, or ``{content, hex, xz, mode, age_days, link, folder, absent}``."""
    for name, told in files.items():
        path = root / name
        about: Mapping[str, Any] = told if isinstance(told, dict) else {"content": told}
        path.parent.mkdir(parents=True, exist_ok=True)
        if about.get("absent"):
            path.unlink()
            continue
        if about.get("folder"):
            path.mkdir(parents=True, exist_ok=True)
        elif "link" in about:
            path.symlink_to(about["link"])
            continue
        elif "hex" in about:
            path.write_bytes(bytes.fromhex(about["hex"]))
        elif "xz" in about:
            path.write_bytes(lzma.decompress((DATA / about["xz"]).read_bytes()))
        else:
            path.write_text(about.get("content", ""), "utf-8")
        if "mode" in about:
            path.chmod(int(str(about["mode"]), 8))
        at = (NOW - timedelta(days=about.get("age_days", 1))).timestamp()
        os.utime(path, (at, at))


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Makes the context of a case: a system of a known layout, changed files, class, level, parameters."""

    def made(
        system: str = "debian-12",
        files: Mapping[str, Any] | None = None,
        computer_class: ComputerClass | str = ComputerClass.INTERNAL,
        level: Level | None = None,
        parameters: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Context:
        root = tmp_path / "root"
        build(root, yaml.safe_load((SYSTEMS / f"{system}.yaml").read_text("utf-8")))
        build(root, files or {})
        return Context(
            tree=Tree(root),
            computer_class=ComputerClass(computer_class),
            level=level,
            parameters=overridden(Parameters(), parameters or {}),
            now=NOW,
            **more,
        )

    return made
