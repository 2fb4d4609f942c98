from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from agent.reporting import web
from agent.settings import CollectorSettings


@pytest.mark.parametrize(
    "url", ["http://collector.example", "ftp://127.0.0.1", "127.0.0.1:8443", "https://u@h", "https://h/?a"]
)
def test_an_address_that_is_not_safe_is_refused_before_anything_is_sent(url: str) -> None:
    with pytest.raises(web.BadAddress):
        web.check_address(url)


@pytest.mark.parametrize(
    "url", ["https://collector.example:8443", "http://localhost:1", "http://127.0.0.1", "http://[::1]:9"]
)
def test_https_and_this_computer_itself_are_taken(url: str) -> None:
    assert web.check_address(url + "/") == url


def test_unencrypted_http_needs_to_be_asked_for() -> None:
    assert web.check_address("http://collector.example", insecure=True) == "http://collector.example"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that signed itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "collector")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "collector.pem"
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(made.public_bytes(pem) + private)
    return path


CONTEXTS: dict[int, ssl.SSLContext] = {}
"""Port → what the server there asks for, so that a test can ask for more."""


def tls_context(tls: tuple[str, list[bytes]]) -> ssl.SSLContext:
    return CONTEXTS[int(tls[0].rstrip("/").rpartition(":")[2])]


@pytest.fixture
def tls(certificate: Path) -> Iterator[tuple[str, list[bytes]]]:
    """A TLS server's address, and the bodies it was sent."""
    bodies: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"taken")

        def log_message(self, *_: Any) -> None:
            pass

    class Server(HTTPServer):
        def handle_error(self, *_: Any) -> None:
            pass  # a client that does not trust us goes away in the handshake

    server = Server(("127.0.0.1", 0), Handler)
    context = CONTEXTS[server.server_port] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"https://127.0.0.1:{server.server_port}/", bodies
    server.shutdown()
    server.server_close()


def test_a_collector_is_believed_by_the_authority_of_the_settings(
    tls: tuple[str, list[bytes]], certificate: Path
) -> None:
    left: list[int] = []
    answer = web.Client(CollectorSettings(ca_file=str(certificate))).post(
        tls[0], b"envelope", "x/y", 5, lambda: left.append(1)
    )
    assert (answer.status, answer.body) == (200, b"taken")
    assert tls[1] == [b"envelope"]
    assert left == [1]


def test_nothing_leaves_for_a_collector_that_is_not_trusted(tls: tuple[str, list[bytes]]) -> None:
    left: list[int] = []
    with pytest.raises(web.NoAnswer, match="not trusted here"):
        web.Client().post(tls[0], b"envelope", "x/y", 5, lambda: left.append(1))
    assert tls[1] == []
    assert left == []


def test_a_computer_shows_its_certificate_to_a_collector_that_asks_for_one(
    tls: tuple[str, list[bytes]], certificate: Path
) -> None:
    tls_context(tls).verify_mode = ssl.CERT_REQUIRED
    tls_context(tls).load_verify_locations(certificate)
    with pytest.raises(web.NoAnswer):
        web.Client(CollectorSettings(ca_file=str(certificate))).post(tls[0], b"envelope", "x/y", 5)
    shown = CollectorSettings(ca_file=str(certificate), client_certificate=str(certificate))
    assert web.Client(shown).post(tls[0], b"envelope", "x/y", 5).status == 200
    assert tls[1] == [b"envelope"]


def test_a_proxy_is_used_where_the_settings_name_one_and_never_the_environments(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    class Proxy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Proxy)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    proxy = f"http://127.0.0.1:{server.server_port}"
    try:
        monkeypatch.setenv("http_proxy", proxy)
        with pytest.raises(web.NoAnswer):
            web.Client().get("http://collector.invalid/x", {}, 5)
        assert asked == []
        assert web.Client(CollectorSettings(proxy=proxy)).get("http://collector.invalid/x", {}, 5).status == 200
        assert asked == ["http://collector.invalid/x"]
    finally:
        server.shutdown()
        server.server_close()
    with pytest.raises(web.NoAnswer, match="proxy"):
        web.Client(CollectorSettings(proxy=proxy)).get("http://collector.invalid/x", {}, 5)


def test_an_authority_that_is_not_there_is_told(tls: tuple[str, list[bytes]], tmp_path: Path) -> None:
    with pytest.raises(web.NoAnswer, match="ca_file or client_certificate cannot be used"):
        web.Client(CollectorSettings(ca_file=str(tmp_path / "none.pem"))).post(tls[0], b"envelope", "x/y", 5)
