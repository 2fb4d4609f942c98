"""Fixtures for the whole suite: the corpora, real media and networks, and a house with a collector and a computer."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from protocol import keys

hypothesis.settings.register_profile("calm", deadline=None)  # a busy computer is no mistake of the code
hypothesis.settings.load_profile("calm")

LONG = frozenset({"house", "browser", "desk", "inside"})
"""Fixtures of tests with whole collectors, agents, browsers and networks."""
PASSWORD = "对马海峡-correct-horse"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The developers' folder of corpora; tests that want it are skipped where it is not."""
    named = os.environ.get("MIJIAN_SHARED")
    folder = Path(named) if named else Path(__file__).resolve().parents[2] / "shared"
    if not (folder / "corpus").is_dir():
        pytest.skip("the shared corpora are not here")
    return folder


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out, and say so, what this user or this machine cannot do; begin with what takes long.

    A test of half a minute that is begun last keeps one processor busy while the others have nothing left to do.
    """
    items.sort(key=lambda item: not LONG.intersection(getattr(item, "fixturenames", ())))
    no_root = pytest.mark.skip(reason="needs root")
    no_browser = pytest.mark.skip(reason="chromium is not installed")
    for item in items:
        if "house" in getattr(item, "fixturenames", ()) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(600))  # as long as a busy computer takes; `House.until` ends it before
        if os.geteuid() != 0 and item.get_closest_marker("root"):
            item.add_marker(no_root)
        if shutil.which("chromium") is None and item.get_closest_marker("browser"):
            item.add_marker(no_browser)


def environment(tmp: Path) -> dict[str, str]:
    """A plain environment; what the processes leave in temporary files stays below ``tmp`` as well."""
    (tmp / "temporary").mkdir(exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MIJIAN_", "DJANGO_"))}
    return kept | {"LC_ALL": "C.UTF-8", "PYTHONUNBUFFERED": "1", "HOME": str(tmp), "TMPDIR": str(tmp / "temporary")}


class House:
    """A collector and a computer, both of their own, with everything they say."""

    def __init__(self, tmp: Path, rules: Path, manned_home: Path) -> None:
        self.tmp = tmp
        self.home = tmp / "collector"
        shutil.copytree(manned_home, self.home)
        self.state = tmp / "agent"
        self.stick = tmp / "stick"
        self.stick.mkdir()
        self.said = tmp / "said.log"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.collector: subprocess.Popen[bytes] | None = None
        self.agent: subprocess.Popen[bytes] | None = None
        self.state.mkdir(mode=0o700)
        shutil.copytree(rules, self.state / "cache")
        self.settings = tmp / "mijian.yaml"
        self.settings.write_text(
            json.dumps(
                {
                    "state_dir": str(self.state),
                    "media": {"declared": [str(self.stick)]},
                    "scan": {"workers": 1},
                    "uplink": {"transport": "http", "first_retry_seconds": 0.05, "last_retry_seconds": 0.3},
                }
            )
        )

    # --- commands ---

    def command(self, package: str, *arguments: str) -> list[str]:
        module = "server" if package == "mijian-server" else "agent.cli"
        return [sys.executable, "-m", module, *arguments]

    def server(self, *arguments: str, stdin: str | None = None, status: int = 0) -> str:
        return self._once(self.command("mijian-server", *arguments, "--home", str(self.home)), stdin, status)

    def mijian(self, *arguments: str, status: int = 0) -> str:
        return self._once(self.command("mijian", *arguments, "--settings", str(self.settings)), None, status)

    def _once(self, command: list[str], stdin: str | None, status: int) -> str:
        done = subprocess.run(
            command, input=stdin, capture_output=True, text=True, timeout=180, env=environment(self.tmp), check=False
        )
        with self.said.open("a") as said:
            said.write(done.stdout + done.stderr)
        assert done.returncode == status, (command, done.stdout, done.stderr)
        return done.stdout

    def _start(self, command: list[str]) -> subprocess.Popen[bytes]:
        with self.said.open("ab") as said:
            return subprocess.Popen(
                command, stdout=said, stderr=said, env=environment(self.tmp), start_new_session=True
            )

    # --- the collector ---

    def set_up(self, computer_class: str = "internal") -> None:
        """Start, and enrol the computer; the home holds an account and a key."""
        self.api_key = (self.home / "api-key").read_text()
        self.start_collector()
        token = json.loads(self.server("token", "create", "--class", computer_class, "--format", "json"))["token"]
        self.mijian("enroll", f"http://127.0.0.1:{self.port}", "--token", token)

    def start_collector(self) -> None:
        self.collector = self._start(
            self.command("mijian-server", "serve", "--bind", f"127.0.0.1:{self.port}", "--home", str(self.home))
        )
        self.until(lambda: self.get("/healthz")[0] == 200)

    def kill_collector(self) -> None:
        assert self.collector is not None
        os.killpg(self.collector.pid, signal.SIGKILL)
        self.collector.wait()

    def get(self, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body, headers)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
                return int(answer.status), bytes(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except OSError:
            return 0, b""

    def violations(self) -> Counter[str]:
        """Content hash → how often it was seen, of everything the collector holds, asked over HTTP."""
        held: Counter[str] = Counter()
        after = ""
        while True:
            status, body = self.get(
                f"/api/v1/violations?limit=500&after={after}", Authorization=f"Bearer {self.api_key}"
            )
            if status != 200:
                return Counter()
            page = json.loads(body)
            for row in page["violations"]:
                held[row["content_hash"]] += row["occurrences"]
            after = page["next"]
            if not after:
                return held

    # --- the computer ---

    def start_agent(self) -> None:
        self.agent = self._start(self.command("mijian", "run", "--settings", str(self.settings)))

    def kill_agent(self) -> None:
        assert self.agent is not None
        os.killpg(self.agent.pid, signal.SIGKILL)
        self.agent.wait()

    def stop_agent(self) -> None:
        assert self.agent is not None
        self.agent.terminate()
        assert self.agent.wait(40) == 0

    def fill(self, documents: dict[str, bytes]) -> None:
        """Put documents on the stick all at once, as when one is mounted."""
        beside = self.tmp / "beside"
        for name, data in documents.items():
            (beside / name).parent.mkdir(parents=True, exist_ok=True)
            (beside / name).write_bytes(data)
        self.stick.rmdir()
        beside.rename(self.stick)

    def status(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads(self.mijian("status", "--format", "json"))
        return state

    def hashes(self, *contents: bytes) -> Counter[str]:
        """What the collector must hold of these documents: each once."""
        organisation = (self.home / "keys" / "organisation").read_bytes()
        return Counter(keys.keyed_hash(organisation, hashlib.sha256(content).digest()) for content in contents)

    def until(self, true: Callable[[], object], seconds: float = 180) -> None:
        end = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end, self.said.read_text("utf-8", "replace")[-3000:]
            time.sleep(0.05)

    def settled(self) -> bool:
        """Whether everything there is to tell has been told."""
        said = self.said.read_text("utf-8", "replace")
        return "scan done" in said and not any(self.status()["waiting"].values())

    def put_away(self) -> None:
        for process in (self.agent, self.collector):
            if process is not None and process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@pytest.fixture(scope="session")
def rules(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Path:
    """Compiled rules, all that a worker asks for, made once: compiling them takes seconds."""
    from agent.scanning.wire import Start
    from agent.scanning.worker import prepare

    folder = Path(pytestconfig.cache.mkdir("home")) / "mijian"  # type: ignore[union-attr]
    folder.mkdir(mode=0o700, exist_ok=True)
    prepare(Start(rules=None, cache=str(folder), least=45, memory=2**29))
    return folder


@pytest.fixture(scope="session")
def new_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a collector as `mijian-server init` makes it, to be copied: making its tables takes seconds.

    It is made once for all the processes of a run.
    """
    return _once_a_run(tmp_path_factory, "new-home", lambda home: _server(home, "init"))


@pytest.fixture(scope="session")
def manned_home(tmp_path_factory: pytest.TempPathFactory, new_home: Path) -> Path:
    """The home of a collector with the account ``officer`` and its key for programs in the file ``api-key``."""

    def make(home: Path) -> None:
        shutil.copytree(new_home, home)
        _server(home, "createuser", "officer", "--role", "officer", "--password-stdin", stdin=PASSWORD + "\n")
        told = json.loads(_server(home, "token", "api", "--user", "officer", "--format", "json"))
        (home / "api-key").touch(mode=0o600)
        (home / "api-key").write_text(told["api_key"])

    return _once_a_run(tmp_path_factory, "manned-home", make)


def _once_a_run(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder for all the processes of a run; the first that wants it makes it, the others wait."""
    base = factory.getbasetemp()
    everyones = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    place = everyones / name
    with (everyones / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            made = factory.mktemp("new") / "home"
            make(made)
            made.rename(place)
    return place


def _server(home: Path, *arguments: str, stdin: str | None = None) -> str:
    command = [sys.executable, "-m", "server", *arguments, "--home", str(home)]
    kept = environment(home.parent)
    return subprocess.run(command, input=stdin, env=kept, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def house(tmp_path: Path, rules: Path, manned_home: Path) -> Iterator[House]:
    made = House(tmp_path, rules, manned_home)
    yield made
    made.put_away()


class Stick:
    """A file system on a loop device, to be mounted like a stick. Everything is put away at the end of the test."""

    def __init__(self, folder: Path, number: int) -> None:
        self.image = folder / f"stick{number}.img"
        self.path = folder / f"stick{number} 介质"
        self.device = ""

    def format(self, label: str = "TEST") -> Stick:
        with self.image.open("wb") as image:
            image.truncate(8 * 1024 * 1024)
        _system("mkfs.ext4", "-q", "-L", label, str(self.image))
        self.path.mkdir()
        return self

    def insert(self) -> Stick:
        self.device = self.device or _system("losetup", "--find", "--show", str(self.image))
        _system("mount", self.device, str(self.path))
        return self

    def remove(self) -> None:
        while self.path.is_mount():
            _unmount(self.path)
        if self.device:
            _system("losetup", "--detach", self.device)
            self.device = ""


def _unmount(path: Path, seconds: float = 60) -> None:
    """As a person does: tried again where the medium is in use just now."""
    until = time.monotonic() + seconds
    while True:
        try:
            _system("umount", str(path))
            return
        except subprocess.CalledProcessError as error:
            if "busy" not in error.stderr or time.monotonic() > until:
                raise
            time.sleep(0.05)


def _system(*command: str) -> str:
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    done = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, "PATH": path})
    return done.stdout.strip()


@pytest.fixture
def media_to_itself() -> Iterator[None]:
    """No other test has media meanwhile, in whatever process: an agent attends to, holds and unmounts all it sees."""
    with (Path(tempfile.gettempdir()) / f"mijian-tests-media-{os.geteuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture
def stick(tmp_path: Path, media_to_itself: None) -> Iterator[Callable[[], Stick]]:
    """Makes sticks. Needs root and loop devices."""
    if os.geteuid() != 0 or not Path("/dev/loop-control").exists():
        pytest.skip("real mounts need root and loop devices")
    made: list[Stick] = []

    def make() -> Stick:
        made.append(Stick(tmp_path, len(made)))
        return made[-1]

    yield make
    for one in made:
        one.remove()


@pytest.fixture
def namespace() -> Iterator[Callable[..., subprocess.CompletedProcess[str]]]:
    """A real network namespace with nothing up; gives a function that runs `ip` on it, or a program within it."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    name = f"mijian-{uuid.uuid4().hex[:8]}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False)
    seen = subprocess.run(["ip", "-n", name, "link", "show"], capture_output=True, check=False)
    if made.returncode or seen.returncode:
        subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
        pytest.skip("network namespaces cannot be made here")

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        inside = command[0] != "ip"
        lead = ["ip", "netns", "exec", name] if inside else ["ip", "-n", name]
        return subprocess.run([*lead, *command[not inside :]], capture_output=True, text=True, check=not inside)

    yield run
    subprocess.run(["ip", "netns", "del", name], check=True)
