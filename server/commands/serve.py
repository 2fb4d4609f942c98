"""``mijian-server serve``: the collector, its pages and its fan-out in one process tree."""

from __future__ import annotations

import argparse
import ctypes
import gc
import logging
import os
import resource
import signal
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from server import certificate
from server.commands.base import CommandError, open_home, tell

CONNECTIONS = 8192
"""Connections one worker holds open; idle ones cost little."""
HEADER_SECONDS = 10
"""In which a request's headers must come."""
SHORTEST_PAUSE = 0.25
"""Seconds before the processes that answer are begun anew; doubled with each time within `CALM`."""
LONGEST_PAUSE = 4.0
CALM = 60.0
M_ARENA_MAX = -8
"""glibc's number of the setting (malloc.h)."""

_log = logging.getLogger("server.serve")


def add_parser(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("serve", parents=[common], help=tell("run the collector", "运行收集端"))
    parser.add_argument(
        "--bind",
        type=address,
        default=("127.0.0.1", 8000),
        metavar="HOST:PORT",
        help=tell("where to listen (127.0.0.1:8000)", "监听地址(默认 127.0.0.1:8000)"),
    )
    parser.add_argument("--workers", type=int, default=1, help=tell("processes that answer requests", "工作进程数"))
    parser.add_argument(
        "--fanout",
        type=int,
        default=1,
        metavar="N",
        help=tell("processes that work the spool off (1)", "处理接收队列的进程数(默认 1)"),
    )
    parser.add_argument(
        "--tls",
        action="store_true",
        help=tell("https, certificate made at the first start", "https,首次启动时自制证书"),
    )
    parser.add_argument(
        "--tls-client-ca",
        type=Path,
        metavar="FILE",
        help=tell("only clients with a certificate of this authority", "仅接受持有该机构所签证书的客户端"),
    )
    parser.add_argument("--tls-cert", type=Path, metavar="FILE", help=tell("certificate chain, PEM", "证书链(PEM)"))
    parser.add_argument("--tls-key", type=Path, metavar="FILE", help=tell("its private key, PEM", "证书私钥(PEM)"))
    parser.set_defaults(run=run)


def address(text: str) -> tuple[str, int]:
    """Host and port of ``HOST:PORT`` or ``[::1]:PORT``. Raises `argparse.ArgumentTypeError`."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536 or not host:
        raise argparse.ArgumentTypeError(
            tell(f"{text!r} is no address: write 127.0.0.1:8000", f"{text!r} 不是监听地址:请写成 127.0.0.1:8000")
        )
    return host.removeprefix("[").removesuffix("]"), int(port)


def run(options: argparse.Namespace) -> int:
    """Serve until told to stop (SIGTERM, Ctrl-C)."""
    if (options.tls_cert is None) != (options.tls_key is None):
        raise CommandError(tell("--tls-cert and --tls-key go together", "--tls-cert 与 --tls-key 须同时给出"))
    if options.tls and options.tls_cert is not None:
        raise CommandError(tell("give --tls or --tls-cert, not both", "--tls 与 --tls-cert 只能给出其一"))
    if options.tls_client_ca is not None and not (options.tls or options.tls_cert):
        raise CommandError(tell("--tls-client-ca needs --tls or --tls-cert", "--tls-client-ca 须与 TLS 同用"))
    for file in filter(None, (options.tls_cert, options.tls_key, options.tls_client_ca)):
        if not file.is_file():
            raise CommandError(tell(f"there is no file {file}", f"文件不存在:{file}"))
    if options.workers < 1:
        raise CommandError(tell("--workers is at least 1", "--workers 至少为 1"))
    if not 0 <= options.fanout <= 16:
        raise CommandError(tell("--fanout is 0 to 16", "--fanout 为 0 至 16"))
    if options.tls or options.tls_cert is not None:
        os.environ["MIJIAN_HTTPS"] = "1"
    os.environ["MIJIAN_SERVE_PID"] = str(os.getpid())
    home = open_home(options)
    if options.tls:
        options.tls_cert, options.tls_key = _own_certificate(home)
    host, port = options.bind
    _free(host, port)
    from django.conf import settings
    from django.db import connections
    from django.urls import get_resolver

    from server.background import FanOutProcesses

    _ = get_resolver().url_patterns  # all pages: else the first request of each worker would load them
    _few_heaps()
    connections.close_all()  # workers are forked: an SQLite handle must not be carried across
    gc.freeze()  # what is loaded by now is shared by all of them
    fanout = FanOutProcesses(options.fanout if settings.MIJIAN_FANOUT else 0)
    fanout.start()
    try:
        _serve_on(host, port, options)
    finally:
        fanout.stop()
    return 0


def _few_heaps() -> None:
    """Have threads share two heaps: glibc gives each its own, and what one has freed is then of no use to others."""
    with suppress(OSError, AttributeError):  # another C library has no such thing
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 2)


def _serve_on(host: str, port: int, options: argparse.Namespace) -> None:
    """Serve, and begin anew when the processes that answer died one soon after another: granian then gives up.

    An out-of-memory killer that strikes twice must not shut the collector; the pauses keep what fails at once cheap.
    """
    ends: list[float] = []
    while True:
        try:
            _serve(host, port, options, first=not ends)
        except SystemExit as ended:
            if not ended.code:
                raise
        else:
            return
        now = time.monotonic()
        ends = [*(at for at in ends if at > now - CALM), now]
        pause = min(LONGEST_PAUSE, SHORTEST_PAUSE * 2 ** (len(ends) - 1))
        _log.error("the processes that answer ended again and again; they are begun anew in %.1f seconds", pause)
        for each in (signal.SIGTERM, signal.SIGINT):  # granian is gone, and its handlers would swallow them
            signal.signal(each, _end)
        time.sleep(pause)


def _end(*_: object) -> NoReturn:
    raise SystemExit(0)


def _own_certificate(home: Path) -> tuple[Path, Path]:
    from django.conf import settings

    try:
        return certificate.ensure(home, [host for host in settings.ALLOWED_HOSTS if host.strip(".*")])
    except OSError as error:
        raise CommandError(
            tell(
                f"no certificate can be made in {home} ({error.strerror})",
                f"无法在 {home} 中生成证书({error.strerror})",
            )
        ) from error


def _free(host: str, port: int) -> None:
    """Raise `CommandError` where nobody can listen on this address."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(found[0], socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(found[4])
    except OSError as error:
        raise CommandError(
            tell(
                f"cannot listen on {host}:{port} ({error.strerror}): choose another address with --bind",
                f"无法监听 {host}:{port}({error.strerror}):请用 --bind 另选地址",
            )
        ) from error


def _serve(host: str, port: int, options: argparse.Namespace, *, first: bool) -> None:
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.log import LogLevels

    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    server = Granian(
        "server.rsgi:application",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.RSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=options.workers,
        backlog=2048,
        backpressure=CONNECTIONS,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_SECONDS * 1000),
        respawn_failed_workers=True,
        workers_kill_timeout=10,
        log_level=LogLevels.error,
        log_access=False,
        log_dictconfig=_LOGGING,
        ssl_cert=options.tls_cert,
        ssl_key=options.tls_key,
        ssl_ca=options.tls_client_ca,
        ssl_client_verify=options.tls_client_ca is not None,
    )
    scheme = "https" if options.tls_cert else "http"
    shown = f"[{host}]" if ":" in host else host
    line = tell(f"The collector listens on {scheme}://{shown}:{port}/", f"收集端地址:{scheme}://{shown}:{port}/")

    if options.tls:
        known = certificate.fingerprint(options.tls_cert.read_bytes())
        line += "\n" + tell(f"SHA-256 fingerprint {known}", f"证书 SHA-256 指纹 {known}")
        line += f"\n  mijian enroll URL --fingerprint {known} --token …"

    def announce() -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    if first:
        server.on_startup(announce)
    server.serve()


_LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "generic": {"()": "server.logs.Formatter", "format": "%(asctime)s %(levelname)s server: %(message)s"}
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "generic"}},
    "loggers": {
        "_granian": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "granian.access": {"handlers": [], "level": "CRITICAL", "propagate": False},
    },
}
"""Requests are not logged: what agents tell is in the spool, what people do is in the audit."""
