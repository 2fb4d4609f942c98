"""``mijian-server serve`` as a real process: killed at any moment, it has kept every promise it signed.

The suite kills three times. A long round: ``MIJIAN_KILLS=200 pytest tests/server/commands/test_serve.py -k killed``;
its seed is told where it fails, and ``MIJIAN_SEED`` runs the same row of moments and victims again.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

from protocol import enrolment, keys, receipts
from protocol.envelope import MAX_ENVELOPE, MEDIA_TYPE
from protocol.receipts import Answer
from server.background import FAN_OUT

KILLS = int(os.environ.get("MIJIAN_KILLS", "3"))
SEED = int(os.environ.get("MIJIAN_SEED", str(random.SystemRandom().randrange(10**6))))
VICTIMS = ("all", "fan-out", "web")


class Collector:
    """A collector of its own: home, port, and the process while it runs."""

    def __init__(self, home: Path) -> None:
        self.home = home
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "server", *arguments, "--home", str(self.home)]

    def ask(self, *arguments: str) -> dict[str, Any]:
        done = subprocess.run(
            self.command(*arguments, "--format", "json"), capture_output=True, check=True, env=environment()
        )
        content: dict[str, Any] = json.loads(done.stdout)
        return content

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command("serve", "--bind", f"127.0.0.1:{self.port}"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment(),
            start_new_session=True,
        )
        while self.get("/healthz")[0] != 200:
            assert self.process.poll() is None, "the collector did not start"
            time.sleep(0.05)

    def kill(self) -> None:
        """End every process of it at once, as a power cut does."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def kill_child(self, kind: str) -> None:
        """End one process of it: what answers (``web``) or what works the spool off (``fan-out``)."""
        assert self.process is not None
        for child in psutil.Process(self.process.pid).children():
            if (child.name() == FAN_OUT) == (kind == "fan-out"):
                child.kill()
                return

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(20)

    def get(self, path: str) -> tuple[int, bytes]:
        return self.request("GET", path)

    def request(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return 0, b""
        finally:
            connection.close()

    def enrol(self) -> tuple[str, keys.Ed25519PrivateKey, enrolment.EnrolAnswer]:
        token = self.ask("token", "create", "--class", "internal")["token"]
        key = keys.Ed25519PrivateKey.generate()
        public = keys.public_bytes(key)
        request = enrolment.EnrolRequest(
            token=token,
            public_key=keys.b64(public),
            hostname="pc",
            machine_id_hash="00",
            agent_version="0",
            proof=keys.b64(key.sign(enrolment.challenge(token, public))),
        )
        status, body = self.request("POST", "/api/v1/enroll", msgspec.json.encode(request))
        assert status == 201, body
        answer = msgspec.json.decode(body, type=enrolment.EnrolAnswer)
        return answer.agent, key, answer

    def workers(self) -> list[int]:
        """Process ids of everything that runs for this home."""
        found = []
        for folder in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if folder.name.isdigit() and str(self.home).encode() in (folder / "cmdline").read_bytes():
                    found.append(int(folder.name))
        return found


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MIJIAN_", "DJANGO_"))}
    return kept | {"LC_ALL": "C.UTF-8"}


@pytest.fixture
def collector(tmp_path: Path, new_home: Path) -> Iterator[Collector]:
    """A collector that is initialised and runs."""
    made = Collector(shutil.copytree(new_home, tmp_path / "home"))
    made.start()
    yield made
    if made.process is not None and made.process.poll() is None:
        made.kill()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, new_home: Path) -> Iterator[Collector]:
    """A collector that the tests leave as it is."""
    made = Collector(shutil.copytree(new_home, tmp_path_factory.mktemp("serve") / "home"))
    made.start()
    yield made
    made.kill()


@pytest.mark.timeout(300 + 20 * KILLS)
def test_a_collector_killed_in_the_middle_of_everything_has_every_accepted_record_exactly_once(
    collector: Collector, make_sender: Callable[..., Any], file_seen: Callable[..., Any]
) -> None:
    agent, key, answer = collector.enrol()
    sender = _sender(agent, key, answer, make_sender)
    rows: list[tuple[bytes, list[str]]] = []
    promised: set[str] = set()
    stop = threading.Event()

    def report() -> None:
        """What an uplink does: the same bytes until a good receipt, then the next ones."""
        while not stop.is_set():
            if len(rows) == len(accepted):
                seen = [file_seen(f"{len(rows)}-{number % 2}") for number in range(4)]
                rows.append((sender.next(*seen), [record.id for record in seen]))
            raw, ids = rows[-1]
            status, body = collector.request("POST", "/api/v1/envelopes", raw, **{"Content-Type": MEDIA_TYPE})
            if status == 200:
                receipt = receipts.open_receipt(body, keys.unb64(answer.signing_key))
                accepted.append(receipt.answer)
                promised.update(ids)
            else:
                time.sleep(0.02)

    accepted: list[Answer] = []
    reporter = threading.Thread(target=report)
    reporter.start()
    dice = random.Random(SEED)  # noqa: S311
    try:
        for turn in range(KILLS):
            goal = len(accepted) + dice.randrange(10, 40)
            while len(accepted) < goal:
                time.sleep(0.005)
            # Each kind of victim once, then as the dice fall.
            victim = VICTIMS[turn] if turn < len(VICTIMS) else dice.choice(VICTIMS)
            if victim == "all":
                collector.kill()
                collector.start()
            else:
                collector.kill_child(victim)
    finally:
        stop.set()
        reporter.join()
    while (page := collector.get("/healthz"))[0] != 200 or json.loads(page[1])["spool_waiting"]:
        time.sleep(0.05)
    assert set(accepted) <= {Answer.ACCEPTED, Answer.DUPLICATE}
    assert collector.stop() == 0
    with sqlite3.connect(collector.home / "collector.sqlite3") as database:
        stored = [str(uuid.UUID(id_)) for (id_,) in database.execute("SELECT id FROM violations_occurrence")]
        counted = database.execute("SELECT sum(occurrence_count), count(*) FROM violations_group").fetchone()
    told = {id_ for _, ids in rows for id_ in ids}
    assert promised <= set(stored) <= told, f"MIJIAN_SEED={SEED}"
    assert counted[0] == len(stored)
    assert collector.ask("verify")["ok"]


def _sender(
    agent: str, key: keys.Ed25519PrivateKey, answer: enrolment.EnrolAnswer, make_sender: Callable[..., Any]
) -> Any:
    class Identity:
        id = agent

    sender = make_sender(Identity, key)
    sender.recipient = keys.unb64(answer.sealing_key)
    return sender


@pytest.fixture
def on_a_small_disk(tmp_path: Path, new_home: Path) -> Iterator[Collector]:
    """A collector that runs on a file system of 48 MiB."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=48m,mode=0700", "tmpfs", str(place)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small file system")
    made = Collector(shutil.copytree(new_home, place / "home"))
    try:
        made.start()
        yield made
    finally:
        if made.process is not None and made.process.poll() is None:
            made.kill()
        subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_is_answered_with_503_and_what_is_told_again_later_is_taken(
    on_a_small_disk: Collector, make_sender: Callable[..., Any], file_seen: Callable[..., Any]
) -> None:
    agent, key, answer = on_a_small_disk.enrol()
    sender = _sender(agent, key, answer, make_sender)

    def report(raw: bytes) -> tuple[int, bytes]:
        return on_a_small_disk.request("POST", "/api/v1/envelopes", raw, **{"Content-Type": MEDIA_TYPE})

    told = [file_seen("0")]
    assert report(sender.next(told[0]))[0] == 200
    filler = on_a_small_disk.home.parent / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as full:
        while full.write(b"\0" * 4096):
            pass
    status, body, raw = 200, b"", b""
    while status == 200:  # until what the files had in reserve is used up
        told.append(file_seen(str(len(told))))
        raw = sender.next(told[-1])
        status, body = report(raw)
    assert status == 503
    assert b"receipt" not in body, "nothing is promised that is not on the disk"
    assert on_a_small_disk.get("/sign-in/")[0] == 200
    filler.unlink()
    while report(raw)[0] == 503:
        time.sleep(0.1)
    while (page := on_a_small_disk.get("/healthz"))[0] != 200 or json.loads(page[1])["spool_waiting"]:
        time.sleep(0.1)
    assert on_a_small_disk.stop() == 0
    with sqlite3.connect(on_a_small_disk.home / "collector.sqlite3") as database:
        stored = {str(uuid.UUID(id_)) for (id_,) in database.execute("SELECT id FROM violations_occurrence")}
    assert stored == {record.id for record in told}
    assert on_a_small_disk.ask("verify")["ok"]


def test_a_stopped_collector_leaves_nothing_running(collector: Collector) -> None:
    assert len(collector.workers()) >= 2
    assert collector.stop() == 0
    assert collector.workers() == []


def test_workers_end_when_their_parent_was_killed(collector: Collector) -> None:
    assert collector.process is not None
    os.kill(collector.process.pid, signal.SIGKILL)
    collector.process.wait()
    while collector.workers():
        time.sleep(0.05)
    collector.start()
    assert collector.get("/healthz")[0] == 200


def test_what_answers_may_be_killed_again_and_again(collector: Collector) -> None:
    for _ in range(3):  # the server below gives up at the second within some seconds
        collector.kill_child("web")
        while collector.get("/healthz")[0] != 200:
            assert collector.process is not None
            assert collector.process.poll() is None, "the collector gave up"
            time.sleep(0.05)
    assert collector.stop() == 0
    assert collector.workers() == []


def test_a_second_collector_on_the_same_address_is_refused_clearly(running: Collector) -> None:
    done = subprocess.run(
        running.command("serve", "--bind", f"127.0.0.1:{running.port}"), capture_output=True, env=environment()
    )
    assert done.returncode == 2
    assert b"--bind" in done.stderr


def test_a_body_announced_too_large_is_answered_before_it_is_sent(running: Collector) -> None:
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as peer:
        head = f"POST /api/v1/envelopes HTTP/1.1\r\nHost: localhost\r\nContent-Length: {MAX_ENVELOPE + 1}\r\n\r\n"
        peer.sendall(head.encode())
        assert peer.recv(64).startswith(b"HTTP/1.1 413 ")
    assert running.get("/healthz")[0] == 200


def test_a_sender_that_breaks_off_in_mid_body_harms_nobody(running: Collector) -> None:
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", running.port), timeout=20) as peer:
            peer.sendall(b"POST /api/v1/envelopes HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\nMIJIAN")
    assert running.get("/healthz")[0] == 200


def test_a_host_name_nobody_configured_is_refused(running: Collector) -> None:
    assert running.request("GET", "/sign-in/", Host="evil.example")[0] == 400


@pytest.mark.parametrize("path", ["/api/v1/envelopes", "/api/v1/enroll", "/sign-in/"])
def test_senders_that_never_finish_their_bodies_do_not_shut_anybody_out(running: Collector, path: str) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\nMIJIAN"
    with contextlib.ExitStack() as open_ones:
        for _ in range(80):
            peer = open_ones.enter_context(socket.create_connection(("127.0.0.1", running.port), timeout=20))
            peer.sendall(head.encode())
        assert running.get("/healthz")[0] == running.get("/sign-in/")[0] == 200
        assert running.request("POST", path, b"x=1")[0] in (400, 403)


def test_more_connections_than_threads_do_not_shut_anybody_out(running: Collector) -> None:
    with contextlib.ExitStack() as open_ones:
        for _ in range(400):
            peer = open_ones.enter_context(socket.create_connection(("127.0.0.1", running.port), timeout=20))
            peer.sendall(b"GET / HTTP/1.1\r\nHost: loc")
        assert running.get("/healthz")[0] == 200


def test_a_form_of_many_megabytes_is_refused_unread(running: Collector) -> None:
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as peer:
        head = "POST /sign-in/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n"
        peer.sendall(f"{head}Content-Length: {10**12}\r\n\r\n--x\r\n".encode())
        answer = peer.recv(1000)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"content-security-policy: default-src 'self'" in answer


def test_a_body_in_chunks_has_no_known_length_and_is_refused(running: Collector) -> None:
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as peer:
        head = b"POST /api/v1/envelopes HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        peer.sendall(head + b"6\r\nMIJIAN\r\n0\r\n\r\n")
        assert peer.recv(1000).startswith(b"HTTP/1.1 411 ")


def test_a_header_with_an_underscore_cannot_pose_as_another(running: Collector) -> None:
    assert running.request("GET", "/sign-in/", X_Forwarded_Host="evil.example")[0] == 200
    status, body = running.request("GET", "/api/v1/violations", Authorization="Bearer mjk-wrong")
    assert (status, json.loads(body)["reason"]) == (401, "not-authorised")
