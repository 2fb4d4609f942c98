"""The examples for reverse proxies, run by the real programs in front of a real collector."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import sqlite3
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from server import certificate

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
HOST = "collector.example"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    while True:
        assert process.poll() is None, "it did not start"
        try:
            socket.create_connection(("127.0.0.1", port), 60).close()
        except ConnectionRefusedError:
            time.sleep(0.1)
        else:
            return


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """A collector as the examples want it set up; its port and home."""
    home, port = tmp_path_factory.mktemp("proxied") / "home", free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MIJIAN_", "DJANGO_"))}
    kept |= {"MIJIAN_BEHIND_PROXY": "1", "MIJIAN_TRUSTED_PROXIES": "127.0.0.1"}
    command = [sys.executable, "-m", "server"]
    init = [*command, "init", "--home", str(home), "--https", "--allowed-host", HOST]
    subprocess.run(init, check=True, capture_output=True, env=kept)
    serve = [*command, "serve", "--home", str(home), "--bind", f"127.0.0.1:{port}"]
    process = subprocess.Popen(serve, env=kept, stdout=subprocess.DEVNULL, start_new_session=True)
    wait_for(port, process)
    yield port, home
    process.terminate()
    process.wait(60)


def nginx(folder: Path, port: int, behind: int) -> list[str]:
    text = (DEPLOY / "nginx.conf").read_text().replace("listen 443", f"listen 127.0.0.1:{port}")
    text = text.replace("127.0.0.1:8000", f"127.0.0.1:{behind}").replace("/etc/ssl/", f"{folder}/")
    places = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    head = f"pid {folder}/pid; error_log stderr; daemon off; events {{}}\n"
    (folder / "nginx.conf").write_text(f"{head}http {{ access_log off; {places}\n{text}\n}}\n")
    return ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]


def caddy(folder: Path, port: int, behind: int) -> list[str]:
    text = (DEPLOY / "Caddyfile").read_text().replace(f"https://{HOST} {{", f"https://{HOST}:{port} {{")
    text = text.replace("127.0.0.1:8000", f"127.0.0.1:{behind}").replace("/etc/ssl/", f"{folder}/")
    (folder / "Caddyfile").write_text(text)
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


@pytest.mark.parametrize("made", [nginx, caddy])
def test_the_collector_is_reached_over_https_and_believes_the_proxy_alone(
    made: Callable[[Path, int, int], list[str]], collector: tuple[int, Path], tmp_path: Path
) -> None:
    if shutil.which(made.__name__) is None:
        pytest.skip(f"{made.__name__} is not installed")
    behind, home = collector
    shown, secret = certificate.make([HOST])
    (tmp_path / "collector.pem").write_bytes(shown)
    (tmp_path / "collector.key").write_bytes(secret)
    port = free_port()
    process = subprocess.Popen(
        made(tmp_path, port, behind),
        stderr=subprocess.DEVNULL,
        env={**os.environ, "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)},
    )
    try:
        wait_for(port, process)
        context = ssl.create_default_context(cafile=str(tmp_path / "collector.pem"))
        status, headers = ask(port, context, "GET", "/sign-in/")
        assert status == 200
        assert "Secure" in headers["set-cookie"]
        assert "max-age=31536000" in headers["strict-transport-security"]
        claimed = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http"}
        assert ask(port, context, "POST", "/api/v1/envelopes", b"nonsense", claimed)[0] == 400
    finally:
        process.terminate()
        process.wait(60)
    with sqlite3.connect(home / "collector.sqlite3") as database:
        remotes = {row[0] for row in database.execute("SELECT remote FROM intake_refusal")}
    assert remotes == {"127.0.0.1"}


def ask(
    port: int, context: ssl.SSLContext, method: str, path: str, body: bytes = b"", more: dict[str, str] | None = None
) -> tuple[int, dict[str, str]]:
    plain = socket.create_connection(("127.0.0.1", port), 60)
    exchange = http.client.HTTPConnection(HOST, timeout=60)
    exchange.sock = context.wrap_socket(plain, server_hostname=HOST)
    host = HOST if port == 443 else f"{HOST}:{port}"
    exchange.request(method, path, body, {"Host": host, **(more or {})})
    answer = exchange.getresponse()
    answer.read()
    exchange.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}
