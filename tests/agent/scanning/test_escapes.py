"""Code that runs inside a worker, as after a reader was taken over, can reach nothing outside.

Each attempt is made by a real worker of a real cage, by a reader that does what its file says; and each, in a process
that is not confined, to show that it would have succeeded there.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from agent.scanning.cage import Cage
from agent.scanning.confining import landlock
from agent.scanning.confining.seccomp import AUDIT_ARCH
from agent.scanning.walk import Found, Walk
from agent.scanning.wire import Start

HERE = Path(__file__).parent
BRITTLE = (sys.executable, "-I", str(HERE / "brittle_worker.py"))

pytestmark = pytest.mark.skipif(
    platform.machine() not in AUDIT_ARCH or not landlock.version(), reason="this kernel offers no full cage"
)


def _escapes() -> ModuleType:
    specification = importlib.util.spec_from_file_location("escapes", HERE / "escapes.py")
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


escapes = _escapes()


@pytest.fixture(scope="module")
def inside(tmp_path_factory: pytest.TempPathFactory, compiled: Path) -> dict[str, str]:
    """How each attempt went in a worker: ``finding`` where it succeeded, else ``clean`` or ``crashed``."""
    folder = tmp_path_factory.mktemp("attempts")
    names = [*escapes.ATTEMPTS, *escapes.HARMLESS]
    for number, name in enumerate(names):
        (folder / f"{number}.txt").write_text(f"TRY {name}\n")
    start = Start(rules=None, cache=str(compiled), least=45, memory=300 * 1024 * 1024)
    with Cage(start, 2, program=BRITTLE) as cage:
        files = (one for one in Walk([str(folder)]) if isinstance(one, Found))
        went = {
            names[int(done.file.name.partition(".")[0])]: str(done.reply.rows[0].reason or done.reply.rows[0].verdict)
            for done in cage.examine(files)
        }
        assert cage.word == "full"
    return went


@pytest.fixture(scope="module")
def outside() -> dict[str, str]:
    """How each attempt went in a process that is not confined."""
    done = subprocess.run([sys.executable, "-I", str(HERE / "escapes.py")], capture_output=True, text=True, check=True)
    return dict(line.split("\t") for line in done.stdout.splitlines())  # type: ignore[misc]


@pytest.mark.parametrize("name", sorted(escapes.ATTEMPTS))
def test_a_worker_cannot(name: str, inside: dict[str, str]) -> None:
    assert inside[name] in ("clean", "crashed"), "refused, or the worker was ended for it"


@pytest.mark.parametrize("name", sorted(set(escapes.ATTEMPTS) - escapes.AS_ROOT))
def test_the_attempt_would_succeed_outside(name: str, outside: dict[str, str]) -> None:
    assert outside[name] == "succeeded"


@pytest.mark.parametrize("name", sorted(escapes.HARMLESS))
def test_a_worker_can_still(name: str, inside: dict[str, str]) -> None:
    assert inside[name] == "finding"


@pytest.mark.parametrize("name", ["run a program", "trace another", "read another's memory"])
def test_what_only_an_attack_would_try_ends_the_worker(name: str, inside: dict[str, str]) -> None:
    assert inside[name] == "crashed"


def _status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def test_a_worker_of_root_is_another_user_without_capabilities(compiled: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can start processes of other users")
    start = Start(rules=None, cache=str(compiled), least=45, memory=300 * 1024 * 1024)
    with Cage(start, 1) as cage:
        cage.begin()
        cage.ready()
        (pid,) = cage.pids()
        status = _status(pid)
    assert "0" not in status["Uid"].split() + status["Gid"].split()
    assert status["Groups"] == ""
    assert {int(status[kind], 16) for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"


def test_a_worker_holds_nothing_open_but_its_socket(compiled: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can look into a worker")
    start = Start(rules=None, cache=str(compiled), least=45, memory=300 * 1024 * 1024)
    with Cage(start, 1) as cage:
        cage.begin()
        cage.ready()
        (pid,) = cage.pids()
        held = {entry.name: str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir()}
    assert held.pop("0").startswith("socket:")
    assert held == {"1": "/dev/null", "2": "/dev/null"}


def test_nothing_that_one_worker_read_is_in_the_memory_of_the_next(tmp_path: Path, compiled: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can look into a worker")
    secret = "content-of-one-file-" + os.urandom(8).hex()
    (tmp_path / "a.txt").write_text(f"{secret}\n" * 100)
    start = Start(rules=None, cache=str(compiled), least=45, memory=300 * 1024 * 1024)
    with Cage(start, 1) as cage:
        files = [one for one in Walk([str(tmp_path)]) if isinstance(one, Found)]
        assert [str(done.reply.rows[0].verdict) for done in cage.examine(iter(files))] == ["clean"]
        (first,) = cage.pids()
        assert secret.encode() in _memory(first), "this is how it would be seen"
        (tmp_path / "b.txt").write_text("other")
        os.kill(first, 9)
        list(cage.examine(one for one in Walk([str(tmp_path / "b.txt")]) if isinstance(one, Found)))
        (second,) = cage.pids()
        assert second != first
        assert secret.encode() not in _memory(second)


def _memory(pid: int) -> bytes:
    """All that a process could read of its own memory."""
    parts = []
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            where, rights, *_ = line.split()
            begin, end = (int(one, 16) for one in where.split("-"))
            if rights.startswith("rw") and "[v" not in line:
                memory.seek(begin)
                parts.append(memory.read(end - begin))
    return b"".join(parts)
