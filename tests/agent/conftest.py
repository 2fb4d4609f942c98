"""Fixtures for all tests of the agent."""

from __future__ import annotations

import io
import shutil
import threading
import time
import zipfile
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest

from agent.reporting import identity
from agent.reporting.notice import Notice
from agent.scanning.pipeline import Scanner, ScanOptions
from agent.scanning.program import program
from agent.service import Service
from agent.settings import NoticeSettings, ScanSettings, Settings, UplinkSettings
from protocol import envelope, keys, policy, receipts
from protocol.enrolment import EnrolAnswer, EnrolRequest, Refusal, proof_holds
from protocol.ids import uuid7
from protocol.receipts import Answer, Receipt
from protocol.records import ComputerClass, Record


@pytest.fixture(scope="session")
def cache_home(pytestconfig: pytest.Config) -> Path:
    """What XDG_CACHE_HOME is set to in tests: compiling the rules takes seconds, so it is kept from run to run."""
    home = Path(pytestconfig.cache.mkdir("home"))  # type: ignore[union-attr]
    (home / "mijian").mkdir(mode=0o700, exist_ok=True)
    return home


@pytest.fixture(scope="session")
def compiled(cache_home: Path) -> Path:
    """The folder for compiled databases in it."""
    return cache_home / "mijian"


@pytest.fixture(scope="session")
def warm(compiled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, with everything in it that a worker of this very program keeps there."""
    marker = compiled.parent / f"warm-{program()}"
    if not marker.exists():
        folder = tmp_path_factory.mktemp("warm")
        (folder / "通知.txt").write_text("机密★10年\n", "utf-8")
        Scanner(ScanOptions(cache=compiled, workers=1)).run([folder])
        marker.touch()
    return compiled


class Collector:
    """A collector small enough to read: real HTTP, real keys, real receipts; it can be told to misbehave."""

    def __init__(self) -> None:
        self.signing = keys.Ed25519PrivateKey.generate()
        self.sealing = keys.X25519PrivateKey.generate()
        self.reveal = keys.X25519PrivateKey.generate()
        self.organisation_key = bytes(range(32))
        self.tokens = {"good-token"}
        self.agents: dict[str, bytes] = {}
        self.last: dict[str, tuple[int, str]] = {}
        self.digests: set[str] = set()
        self.records: list[Record] = []
        self.requests = 0
        self.faults: deque[Callable[[BaseHTTPRequestHandler], bool]] = deque()
        """Each is called instead of answering one envelope; True: the envelope was taken all the same."""
        self.max_records = 10_000
        self.policy: policy.Policy | None = None
        """What is answered to those who ask for their policy with a good proof."""
        self.rules = b""
        """The bundle of rules that is answered to those who ask for it with a good proof."""
        self._lock = threading.Lock()
        self._server: ThreadingHTTPServer | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        collector = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                collector.post(self)

            def do_GET(self) -> None:
                collector.get(self)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def post(self, request: BaseHTTPRequestHandler) -> None:
        self.requests += 1
        body = request.rfile.read(int(request.headers["Content-Length"]))
        if request.path == "/api/v1/enroll":
            self.answer(request, *self.enrol(body))
            return
        assert request.path == "/api/v1/envelopes"
        assert request.headers["Content-Type"] == envelope.MEDIA_TYPE
        if self.faults:
            if self.faults.popleft()(request):
                self.take(body)
            return
        receipt = self.take(body)
        self.answer(request, 409 if receipt.answer is Answer.REFUSED else 200, receipts.sign(receipt, self.signing))

    def get(self, request: BaseHTTPRequestHandler) -> None:
        """Answer a question for a policy or for rules, to the agent alone that signed it."""
        assert request.path in (policy.PATH, policy.RULES_PATH)
        agent, have = request.headers[policy.AGENT_HEADER], int(request.headers[policy.HAVE_HEADER])
        proof = keys.unb64(request.headers[policy.PROOF_HEADER])
        asks_for_rules = request.path == policy.RULES_PATH
        make = policy.rules_challenge if asks_for_rules else policy.request_challenge
        challenge = make(agent, have, request.headers[policy.TIME_HEADER])
        keys.Ed25519PublicKey.from_public_bytes(self.agents[agent]).verify(proof, challenge)
        if asks_for_rules:
            self.answer(request, 200 if self.rules else 304, self.rules)
            return
        if self.policy is None or self.policy.serial <= have:
            self.answer(request, 304 if self.policy else 404, b"")
            return
        self.answer(request, 200, policy.sign(self.policy, self.signing))

    def make_policy(self, agent: str, serial: int = 1, **more: Any) -> policy.Policy:
        """A policy for an agent, of the class internal unless said otherwise."""
        values = {
            "format": policy.FORMAT,
            "collector": keys.key_id(keys.public_bytes(self.signing)),
            "agent": agent,
            "serial": serial,
            "issued": datetime.now(UTC),
            "computer_class": ComputerClass.INTERNAL,
        }
        return policy.Policy(**(values | more))

    @staticmethod
    def answer(request: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
        request.send_response(status)
        request.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        request.wfile.write(body)

    def enrol(self, body: bytes) -> tuple[int, bytes]:
        request = msgspec.json.decode(body, type=EnrolRequest)
        if request.token not in self.tokens:
            return 403, msgspec.json.encode(Refusal(reason="token-unknown", message="no such token"))
        if not proof_holds(request):
            return 400, msgspec.json.encode(Refusal(reason="bad-proof", message="the proof does not hold"))
        self.tokens.remove(request.token)
        return 201, msgspec.json.encode(self.admit(keys.unb64(request.public_key)))

    def admit(
        self, public: bytes, computer_class: ComputerClass = ComputerClass.INTERNAL, level: str | None = None
    ) -> EnrolAnswer:
        agent = uuid7()
        self.agents[agent] = public
        return EnrolAnswer(
            agent=agent,
            computer_class=computer_class,
            level=level,
            collector_name="test",
            signing_key=keys.b64(keys.public_bytes(self.signing)),
            sealing_key=keys.b64(keys.public_bytes(self.sealing)),
            reveal_key=keys.b64(keys.public_bytes(self.reveal)),
            organisation_key=keys.b64(self.organisation_key),
        )

    def take(self, raw: bytes) -> Receipt:
        """Take an envelope by the rules of the protocol."""
        with self._lock:
            parsed = envelope.parse(raw)
            header = parsed.header
            envelope.verify(parsed, self.agents[header.agent])
            sequence, previous = self.last.get(header.agent, (0, envelope.FIRST_PREVIOUS))
            records = list(envelope.open_body(parsed, self.sealing))
            if parsed.digest in self.digests:
                answer, reason = Answer.DUPLICATE, ""
            elif len(records) > self.max_records:
                answer, reason = Answer.REFUSED, "too-large"
            elif header.sequence <= sequence:
                answer, reason = Answer.REFUSED, "sequence-reused"
            elif header.sequence > sequence + 1:
                answer, reason = Answer.REFUSED, "gap"
            elif header.previous != previous:
                answer, reason = Answer.REFUSED, "chain-broken"
            else:
                answer, reason = Answer.ACCEPTED, ""
                self.last[header.agent] = header.sequence, parsed.digest
                self.digests.add(parsed.digest)
                self.records += records
            return self.receipt(parsed, answer, reason)

    def receipt(self, parsed: envelope.Envelope, answer: Answer, reason: str = "") -> Receipt:
        sequence, previous = self.last.get(parsed.header.agent, (0, envelope.FIRST_PREVIOUS))
        return Receipt(
            collector=keys.key_id(keys.public_bytes(self.signing)),
            agent=parsed.header.agent,
            sequence=parsed.header.sequence,
            digest=parsed.digest,
            answer=answer,
            reason=reason,
            message=reason,
            expected_sequence=sequence + 1,
            expected_previous=previous,
            received=datetime.now(UTC),
        )

    @property
    def ids(self) -> list[str]:
        """Ids of all records taken, in order; a doubled record stands twice."""
        return [record.id for record in self.records]

    def enrolled(
        self, state: Path, computer_class: ComputerClass = ComputerClass.INTERNAL, level: str | None = None
    ) -> identity.Identity:
        """An identity in a state folder, without the detour over HTTP."""
        key = keys.Ed25519PrivateKey.generate()
        answer = self.admit(keys.public_bytes(key), computer_class, level)
        return identity.store(state, key, answer, url=self.url, enrolled_at=datetime.now(UTC))


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A running collector."""
    made = Collector()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state folder."""
    return tmp_path / "state"


MARKED = "机密★10年\n\n关于召开会议的通知\n\n各处室：请按时参加。\n".encode()
PLAIN = "关于放假的通知\n\n各处室：请做好值班安排，遵守保密纪律。\n".encode()


@pytest.fixture
def fill() -> Callable[[Path], None]:
    """Puts two marked documents into a folder, one of them in an archive in an archive, and two that are not."""

    def into(folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        (folder / "通知.txt").write_bytes(MARKED)
        (folder / "放假.txt").write_bytes(PLAIN)
        inner = io.BytesIO()
        with zipfile.ZipFile(inner, "w") as archive:
            archive.writestr("深处.txt", MARKED.replace(b"10", b"20"))
            archive.writestr("平常.txt", PLAIN)
        with zipfile.ZipFile(folder / "资料.zip", "w") as archive:
            archive.writestr("内层.zip", inner.getvalue())

    return into


@pytest.fixture
def quick() -> Callable[..., Settings]:
    """Makes settings of a service that hurries."""

    def settings(
        state: Path, transport: Literal["auto", "http"] = "auto", policy_seconds: float = 900, **more: Any
    ) -> Settings:
        uplink = UplinkSettings(
            transport=transport, first_retry_seconds=0.05, last_retry_seconds=0.2, policy_seconds=policy_seconds
        )
        kept = {"notice": NoticeSettings(desktop=False)} | more
        return Settings(state_dir=str(state), uplink=uplink, scan=ScanSettings(workers=1), **kept)

    return settings


@pytest.fixture
def service_state(state: Path, warm: Path) -> Path:
    """A state folder that has been in use: its rules are compiled."""
    state.mkdir(mode=0o700)
    shutil.copytree(warm, state / "cache")
    (state / "cache").chmod(0o700)
    return state


class Running:
    """A service at work in a thread."""

    def __init__(self, settings: Settings, log: pytest.LogCaptureFixture) -> None:
        self.stop = threading.Event()
        self.screen = io.StringIO()
        self.status: int | None = None
        self.settings = settings
        self._log = log
        self.service = Service(settings, Notice(self.screen))
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        self.status = self.service.run(self.stop)

    def logs(self) -> str:
        """Everything it logged."""
        return self._log.text

    def end(self) -> None:
        self.stop.set()
        self._thread.join(40)
        assert not self._thread.is_alive()


@pytest.fixture
def running(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[Settings], Running]]:
    """Starts services; they are ended with the test."""
    made: list[Running] = []

    def make(settings: Settings) -> Running:
        made.append(Running(settings, caplog))
        return made[-1]

    yield make
    for one in made:
        one.end()


@pytest.fixture
def wait_for() -> Callable[..., None]:
    """Waits until something is true."""

    def wait(true: Callable[[], object], seconds: float = 60) -> None:
        until = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < until, "it did not come about in time"
            time.sleep(0.02)

    return wait
