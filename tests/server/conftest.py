"""Fixtures for the collector's tests: a real home with real keys, a real SQLite file, people and computers."""

from __future__ import annotations

import hashlib
import http.server
import os
import shutil
import socketserver
import sqlite3
import ssl
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.contenttypes.management import create_contenttypes
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models.signals import post_migrate
from django.utils import timezone

from protocol import envelope as envelopes
from protocol import keys, places, records
from protocol.ids import uuid7
from server import certificate
from server import keys as collector
from server.accounts import departments
from server.accounts.models import Department, Role, User
from server.campaigns import actions as campaigns
from server.campaigns.models import Campaign, SelfCheck
from server.intake.admission import Admission, admit
from server.intake.fanout import drain
from server.intake.spool import spool
from server.ledger.models import Computer, Person

PASSWORD = "对马海峡-correct-horse"


@pytest.fixture(scope="session", autouse=True)
def collector_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home with keys of its own; what the machine running the tests has at home is never touched."""
    home = tmp_path_factory.mktemp("collector") / "home"
    home.mkdir(mode=0o700)
    collector.create(home)
    before = {name: os.environ.get(name) for name in ("MIJIAN_HOME",)}
    os.environ["MIJIAN_HOME"] = str(home)
    settings.MIJIAN_HOME = home
    settings.MIJIAN_NAME = "测试收集端"
    settings.MIJIAN_LEVEL = "机密"
    settings.SECRET_KEY = (home / "keys" / "secret").read_text()
    # Made to be slow, which the real one must be and the tests must not.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    yield home
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """SQLite's test databases are copied, not made (`django_db_modify_db_settings`)."""
    return connections[DEFAULT_DB_ALIAS].vendor == "sqlite"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(request: pytest.FixtureRequest) -> Iterator[None]:
    """The test databases are real files in WAL mode: threads meet the locks they will meet in service.

    They are those of a collector just initialised; in memory where there is a file system for that, as nothing here
    asks what a disk does when the power fails (`tests/test_kills.py` and its like do, on disks).
    """
    # Made anew after each test with real commits, and read by nobody: our rights are roles.
    post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")
    post_migrate.disconnect(create_contenttypes)
    if connections[DEFAULT_DB_ALIAS].vendor != "sqlite":
        yield
        return
    new_home: Path = request.getfixturevalue("new_home")
    memory = Path("/dev/shm")
    roomy = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 500_000_000
    with tempfile.TemporaryDirectory(prefix="mijian-tests-", dir=memory if roomy else None) as place:
        for alias in connections:
            settings_of = connections[alias].settings_dict
            file = Path(place) / f"test-{alias}.sqlite3"
            shutil.copyfile(new_home / Path(settings_of["NAME"]).name, file)
            settings_of["TEST"] |= {"NAME": str(file), "MIGRATE": False}
        with closing(sqlite3.connect(Path(place) / f"test-{DEFAULT_DB_ALIAS}.sqlite3")) as database, database:
            database.execute("DELETE FROM audit_entry")  # that of init itself
        yield
        connections.close_all()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test of the collector may use all of its databases: where a table lives is no matter of the test."""
    for item in items:
        marker = item.get_closest_marker("django_db")
        transactional = bool(marker and marker.kwargs.get("transaction"))
        if marker is not None or {"db", "transactional_db"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.django_db(transaction=transactional, databases="__all__"), append=False)


@pytest.fixture
def person(db: None) -> Callable[..., User]:
    """Makes an account: ``person(Role.OFFICER)``; its password is `PASSWORD`."""

    def make(role: Role = Role.OFFICER, username: str = "", **more: Any) -> User:
        if isinstance(more.get("department"), str):
            more["department"] = department(more["department"])
        if role == Role.INSPECTOR:
            more.setdefault("valid_until", timezone.now() + timedelta(days=7))
        return User.objects.create_user(username=username or role.value, password=PASSWORD, role=role, **more)

    return make


def department(path: str) -> Department:
    """The department of this path of names (``总部/办公室``), made where it is missing."""
    found: Department | None = None
    for name in path.split("/"):
        found = Department.objects.filter(name=name, parent=found).first() or departments.add(
            name, parent=found, by=None
        )
    assert found is not None
    return found


def somebody(name: str, **more: Any) -> Person:
    """The person of this name in the ledger, entered where missing."""
    return Person.objects.filter(name=name).first() or Person.objects.create(name=name, **more)


@pytest.fixture
def organise(db: None) -> Callable[[str], Department]:
    """Makes departments: ``organise("总部/办公室")``."""
    return department


@pytest.fixture
def enter(db: None) -> Callable[..., Person]:
    """Enters people into the ledger: ``enter("张三")``."""
    return somebody


@pytest.fixture
def agent_key() -> keys.Ed25519PrivateKey:
    """A computer's signing key."""
    return keys.Ed25519PrivateKey.generate()


@pytest.fixture
def computer(db: None, agent_key: keys.Ed25519PrivateKey) -> Computer:
    """An enrolled computer of class internal that signs with `agent_key`."""
    return Computer.objects.create(
        id=uuid.uuid4(),
        name="办公室-01",
        computer_class="internal",
        enrolled_at=timezone.now(),
        public_key=keys.public_bytes(agent_key),
        machine_id_hash="ab" * 32,
    )


class Sender:
    """An agent as the collector sees it: signs, seals and numbers envelopes with the real protocol."""

    def __init__(self, computer_id: str, key: keys.Ed25519PrivateKey, recipient: bytes) -> None:
        self.computer_id = computer_id
        self.key = key
        self.recipient = recipient
        self.sequence = 0
        self.previous = envelopes.FIRST_PREVIOUS

    def build(self, *told: records.Record, **header: Any) -> bytes:
        """An envelope with any header; the row does not move on."""
        values: dict[str, Any] = {
            "format": envelopes.FORMAT,
            "records": records.RECORDS_VERSION,
            "agent": self.computer_id,
            "sequence": self.sequence + 1,
            "previous": self.previous,
            "created": datetime.now(UTC),
            "computer_class": records.ComputerClass.INTERNAL,
            "level": None,
            "recipient": keys.key_id(self.recipient),
        }
        head = envelopes.Header(**(values | header))
        return envelopes.build(head, told, signing_key=self.key, recipient=self.recipient)

    def next(self, *told: records.Record, **header: Any) -> bytes:
        """The next envelope of the row."""
        raw = self.build(*told, **header)
        self.sequence += 1
        self.previous = hashlib.sha256(raw).hexdigest()
        return raw


@pytest.fixture
def make_sender(collector_home: Path) -> Callable[[Computer, keys.Ed25519PrivateKey], Sender]:
    """Makes the agent of a computer."""

    def make(of: Computer, key: keys.Ed25519PrivateKey) -> Sender:
        return Sender(str(of.id), key, keys.public_bytes(collector.collector_keys().sealing))

    return make


@pytest.fixture
def sender(computer: Computer, agent_key: keys.Ed25519PrivateKey, make_sender: Callable[..., Sender]) -> Sender:
    """The agent of `computer`."""
    return make_sender(computer, agent_key)


STICK = records.Medium(
    key="5a" * 32, bus="usb", vendor="Kingston", model="DataTraveler", serial_tail="7F3C", capacity=16_000_000_000
)


@pytest.fixture
def stick() -> records.Medium:
    """A removable medium."""
    return STICK


@pytest.fixture
def file_seen() -> Callable[..., records.ViolationSeen]:
    """Makes the record of a marked file on a medium: ``file_seen(content="a", medium=stick, control="MEDIA-05")``."""

    def make(content: str = "a", path: str = "/media/u/合同.docx", **more: Any) -> records.ViolationSeen:
        reveal_key = keys.public_bytes(collector.collector_keys().reveal)
        finding = records.Finding(
            rule="cn-state.starred",
            family="state",
            level="机密",
            period="P10Y",
            zone="header",
            confidence=95,
            severity=records.Severity.CRITICAL,
            marking="机密★10年",
        )
        values: dict[str, Any] = {
            "id": uuid7(),
            "seen_at": datetime.now(UTC),
            "control": "MEDIA-05",
            "severity": records.Severity.CRITICAL,
            "medium": STICK,
            "evidence": records.FileEvidence(
                content_hash=hashlib.sha256(content.encode()).hexdigest(),
                path_hash=hashlib.sha256(path.encode()).hexdigest(),
                sealed_place=places.seal(places.SealedPlace(path), reveal_key),
                extension="docx",
                media_type="application/vnd.openxmlformats-officedocument.wordprocessingml.document",
                size=2048,
                modified=None,
                findings=(finding,),
            ),
        }
        return records.ViolationSeen(**(values | more))

    return make


@pytest.fixture
def network_seen() -> Callable[..., records.ViolationSeen]:
    """Makes the record of a forbidden network contact: ``network_seen("default-route:eth0")``."""

    def make(*signals: str, **more: Any) -> records.ViolationSeen:
        values: dict[str, Any] = {
            "id": uuid7(),
            "seen_at": datetime.now(UTC),
            "control": "NET-03",
            "severity": records.Severity.CRITICAL,
            "evidence": records.NetworkEvidence(signals=signals or ("default-route:eth0",), interfaces=("eth0",)),
        }
        return records.ViolationSeen(**(values | more))

    return make


@pytest.fixture
def deliver() -> Iterator[Callable[[bytes], Admission]]:
    """Brings an envelope through the gate and works the spool off."""

    def through(raw: bytes, *, work: bool = True) -> Admission:
        admission = admit(raw, road="network", remote="192.0.2.7")
        if work:
            drain()
        return admission

    yield through
    spool.stop()


@pytest.fixture
def make_round(person: Callable[..., User]) -> Callable[..., Campaign]:
    """Makes a self-check round that began ten days ago and has ten to go: ``make_round(grace_days=3)``."""

    def make(by: User | None = None, **more: Any) -> Campaign:
        today = timezone.localdate()
        values: dict[str, Any] = {
            "title": "四季度保密自查",
            "classes": ["internal"],
            "starts_on": today - timedelta(days=10),
            "deadline": today + timedelta(days=10),
        }
        by = by or User.objects.filter(username="round-maker").first() or person(username="round-maker")
        return campaigns.save(None, campaigns.Plan(**(values | more)), by=by)

    return make


def checked_itself(computer: Computer, days_ago: float = 1, *, failed: tuple[str, ...] = (), **more: Any) -> SelfCheck:
    """A self-check that a computer made so many days ago."""
    at = timezone.now() - timedelta(days=days_ago)
    values: dict[str, Any] = {"profile": "internal", "profile_class": "internal", "seen_at": at, "received_at": at}
    told = {"failed_count": len(failed), "failed_controls": list(failed), "passed_count": 5}
    return SelfCheck.objects.create(id=uuid.UUID(uuid7()), computer=computer, **(values | told | more))


@pytest.fixture
def self_check(db: None) -> Callable[..., SelfCheck]:
    """Makes self-checks of computers: ``self_check(computer, 2, failed=("PWD-02",))``."""
    return checked_itself


@pytest.fixture
def desk_pc(organise: Callable[[str], Department]) -> Callable[..., Computer]:
    """Makes enrolled computers: ``desk_pc("pc-1", "总部/办公室")``."""

    def make(name: str = "pc-1", where: str = "总部/办公室", **more: Any) -> Computer:
        values: dict[str, Any] = {"computer_class": "internal", "enrolled_at": timezone.now(), "public_key": b"\1" * 32}
        told = {"machine_id_hash": "ab" * 32, "department": organise(where) if where else None}
        return Computer.objects.create(id=uuid.uuid4(), name=name, **(values | told | more))

    return make


# --- the other side of what the collector sends of its own accord ---


class Taker:
    """A server in a thread of its own that keeps what came."""

    def __init__(self, handler: Any, tls: Path | None = None) -> None:
        self.got: list[Any] = []
        self.status = 200
        self.moved_to = ""
        taker = self

        class Bound(handler):  # type: ignore[misc]
            owner = taker

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Bound)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.ca_file = ""
        if tls is not None:
            shown, secret = certificate.make(["127.0.0.1", "localhost"])
            (tls / "cert.pem").write_bytes(shown)
            (tls / "key.pem").write_bytes(secret)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls / "cert.pem", tls / "key.pem")
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
            self.ca_file = str(tls / "cert.pem")
        self.came = threading.Event()
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def keep(self, what: Any) -> None:
        self.got.append(what)
        self.came.set()


class Web(http.server.BaseHTTPRequestHandler):
    owner: Taker

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.owner.keep((self.path, dict(self.headers), body))
        self.send_response(self.owner.status)
        if self.owner.moved_to:
            self.send_header("Location", self.owner.moved_to)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_told: Any) -> None:
        pass


class Mail(socketserver.StreamRequestHandler):
    owner: Taker

    def handle(self) -> None:
        """As much of RFC 5321 as a client needs."""
        self.wfile.write(b"220 here\r\n")
        for line in self.rfile:
            word = line[:4].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                text = b""
                for part in self.rfile:
                    if part == b".\r\n":
                        break
                    text += part
                self.owner.keep(text)
            elif word == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            self.wfile.write(b"250 ok\r\n")


class Stream(socketserver.StreamRequestHandler):
    owner: Taker

    def handle(self) -> None:
        self.owner.keep(self.rfile.read())


@pytest.fixture
def takes(tmp_path: Path) -> Iterator[Callable[..., Taker]]:
    """Starts a server: ``takes(Web)``, ``takes(Stream, tls=True)``."""
    made: list[Taker] = []

    def start(kind: str, *, tls: bool = False) -> Taker:
        handler = {"web": Web, "mail": Mail, "stream": Stream}[kind]
        made.append(Taker(handler, tmp_path if tls else None))
        return made[-1]

    yield start
    for one in made:
        one.server.shutdown()
        one.server.server_close()
