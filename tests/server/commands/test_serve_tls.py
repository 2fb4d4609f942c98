"""``mijian-server serve --tls``: its own certificate, and an agent that trusts it by the fingerprint alone."""

from __future__ import annotations

import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from server import certificate


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MIJIAN_", "DJANGO_"))}
    return kept | {"LC_ALL": "C.UTF-8"}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *arguments], capture_output=True, text=True, env=environment())


class Secured:
    """A collector that serves https with a certificate of its own."""

    def __init__(self, home: Path, *more: str) -> None:
        self.home = home
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        command = [sys.executable, "-m", "server", "serve", "--home", str(home), "--bind", f"127.0.0.1:{self.port}"]
        self.process = subprocess.Popen(
            [*command, "--tls", *more], stdout=subprocess.PIPE, text=True, env=environment(), start_new_session=True
        )
        self.url = f"https://127.0.0.1:{self.port}"
        self.said = ""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line
            if "mijian enroll" in line:
                break
        while not self.listens():
            assert self.process.poll() is None, "the collector did not start"
            time.sleep(0.1)

    def listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 60).close()
        except ConnectionRefusedError:
            return False
        return True

    @property
    def fingerprint(self) -> str:
        found = re.search(r"fingerprint ([0-9a-f]{64})", self.said)
        assert found is not None, self.said
        return found[1]

    def token(self) -> str:
        told = run("server", "token", "create", "--class", "internal", "--home", str(self.home))
        assert f"--fingerprint {self.fingerprint}" in told.stdout
        return told.stdout.splitlines()[0]

    def enrol(self, state: Path, *trust: str) -> subprocess.CompletedProcess[str]:
        settings = state.with_suffix(".yaml")
        settings.write_text(f"state_dir: {state}\n")
        return run("agent.cli", "enroll", self.url, "--token", self.token(), "--settings", str(settings), *trust)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(60)


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory, new_home: Path) -> Iterator[Secured]:
    made = Secured(shutil.copytree(new_home, tmp_path_factory.mktemp("tls") / "home"))
    yield made
    made.stop()


def test_the_certificate_is_made_once_with_mode_0600_and_its_fingerprint_is_printed(secured: Secured) -> None:
    file = secured.home / certificate.CERTIFICATE
    assert certificate.fingerprint(file.read_bytes()) == secured.fingerprint
    assert (secured.home / certificate.KEY).stat().st_mode & 0o777 == 0o600
    assert certificate.ensure(secured.home, []) == (file, secured.home / certificate.KEY)
    assert certificate.known_fingerprint(secured.home) == secured.fingerprint


def test_an_agent_enrols_by_the_fingerprint_and_keeps_to_it(secured: Secured, tmp_path: Path) -> None:
    state = tmp_path / "state"
    done = secured.enrol(state, "--fingerprint", secured.fingerprint)
    assert done.returncode == 0, done.stderr
    pinned = (state / "collector.pem").read_bytes()
    assert certificate.fingerprint(pinned) == secured.fingerprint


@pytest.mark.parametrize("trust", [(), ("--fingerprint", "ab" * 32), ("--fingerprint", "12")])
def test_an_agent_without_the_right_fingerprint_tells_the_token_to_nobody(
    secured: Secured, tmp_path: Path, trust: tuple[str, ...]
) -> None:
    done = secured.enrol(tmp_path / "state", *trust)
    assert done.returncode == 2
    assert not (tmp_path / "state" / "identity").exists()
    listed = run("server", "token", "list", "--home", str(secured.home), "--format", "json")
    assert '"used": null' in listed.stdout


def test_only_a_client_with_a_certificate_is_answered_where_that_is_asked(tmp_path: Path, new_home: Path) -> None:
    _authority(tmp_path)
    collector = Secured(shutil.copytree(new_home, tmp_path / "home"), "--tls-client-ca", str(tmp_path / "ca.pem"))
    try:
        context = ssl.create_default_context(cafile=str(collector.home / certificate.CERTIFICATE))
        assert ask(collector.port, context) == b""
        context.load_cert_chain(tmp_path / "client.pem", tmp_path / "client.key")
        assert ask(collector.port, context) == b"HTTP/1.1 200"
    finally:
        collector.stop()


def _authority(folder: Path) -> None:
    """An authority, and a client's certificate that it signed."""
    now, names = datetime.now(UTC), {}
    keys = {name: ec.generate_private_key(ec.SECP256R1()) for name in ("ca", "client")}
    for name, key in keys.items():
        names[name] = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = (
            x509.CertificateBuilder()
            .subject_name(names[name])
            .issuer_name(names["ca"])
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=name == "ca", path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .sign(keys["ca"], hashes.SHA256())
        )
        (folder / f"{name}.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (folder / f"{name}.key").write_bytes(secret)


def ask(port: int, context: Any) -> bytes:
    """The first bytes of the answer; none where the collector hangs up."""
    try:
        with (
            socket.create_connection(("127.0.0.1", port), 60) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1") as told,
        ):
            told.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answer: bytes = told.recv(12)
            return answer
    except OSError:
        return b""
