"""``mijian-server simulate``: a fleet against a collector of its own, to see what this computer can take.

A collector is made in a temporary folder, served, loaded and measured, and thrown away; the one in service is not
touched. At the end what was sent is held against what is stored: nothing lost, nothing doubled, nothing bad let in.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from server.commands.base import CommandError, emit, start_django, tell

START_SECONDS = 60
DRAIN_SECONDS = 1800


def add_parser(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "simulate",
        parents=[common],
        help=tell("measure a collector under a fleet's load", "用模拟机群测量收集端"),
        description=tell(
            "Makes a collector of its own in a temporary folder, loads it with a simulated fleet and prints what it "
            "took. With --database-url postgresql://… a database is made there for it, and dropped at the end. "
            "The collector in service is not touched. Without --rate all computers report at once, as fast as answers "
            "come; the same --seed gives the same fleet.",
            "在临时目录中建立独立的收集端,以模拟机群加载并给出测量结果;指定 --database-url postgresql://… 时,"
            "在该服务器上临时建库,结束后删除。不影响正在使用的收集端。未指定 --rate 时所有计算机同时上报;"
            "相同的 --seed 得到相同的机群。",
        ),
    )
    for name, kind, default, en, zh in _options():
        parser.add_argument(
            f"--{name}",
            type=kind,
            default=default,
            metavar="SHARE" if kind is _share else "N",
            help=tell(f"{en} ({default})", f"{zh}({default})"),
        )
    parser.add_argument(
        "--rate",
        type=_number,
        default=0,
        metavar="N",
        help=tell("messages a second at most", "每秒最多报文数(默认不限)"),
    )
    parser.add_argument(
        "--apart", action="store_true", help=tell("first all of the intake, then the fan-out", "先接收,再入库,分别测量")
    )
    parser.set_defaults(run=run)


def _options() -> tuple[tuple[str, Callable[[str], float], float, str, str], ...]:
    """Name, kind and default of each option that is a number, and what it says in English and Chinese."""
    return (
        ("agents", _number, 200, "computers", "计算机数"),
        ("reports", _number, 10, "reports of each", "每台报告数"),
        ("findings", _number, 20, "violations in each", "每份违规数"),
        (
            "places",
            _number,
            300,
            "places of each with something to report: the fewer, the more of it was seen before",
            "每台计算机的违规位置数:越少,重复发现越多",
        ),
        ("connections", _number, 16, "at the same time", "并发连接数"),
        ("duplicates", _share, 0.02, "sent twice", "重复发送比例"),
        ("bad", _share, 0.02, "bad messages", "不良报文比例"),
        (
            "away",
            _share,
            0.0,
            "computers that are offline until the last report, then send all at once",
            "离线至最后一轮、随后集中补报的计算机比例",
        ),
        ("workers", _number, 1, "processes that answer", "应答进程数"),
        ("fanout", _number, 1, "that work off the spool", "入库进程数"),
        ("seed", int, 1, "of the fleet", "随机种子"),
    )


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError(tell(f"{text!r} is no number from 1", f"{text!r} 不是正整数"))
    return int(text)


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(tell(f"{text!r} is no share from 0 to 1", f"{text!r} 不是 0 到 1 的比例"))
    return value


def run(options: argparse.Namespace) -> int:
    """Simulate; 1 where what is stored is not what was sent."""
    if options.home is not None:
        raise CommandError(tell("simulate makes a home of its own: leave --home away",
                                "simulate 使用独立的临时目录:请勿指定 --home"))  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="mijian-simulate-") as folder, _database(options) as url:
        place = Path(folder) / "home"
        os.environ |= {"MIJIAN_HOME": str(place), "DJANGO_SETTINGS_MODULE": "server.settings"}
        os.environ.pop("MIJIAN_DATABASE_URL", None)
        if url:
            os.environ["MIJIAN_DATABASE_URL"] = url
        os.umask(0o077)
        _command("init")
        start_django()
        content = _measured(options)
        _let_go()
    emit(options, content, _lines(content))
    return 0 if content["whole"] else 1


def _database(options: argparse.Namespace) -> AbstractContextManager[str]:
    """The URL of the simulation's own database; empty for a file of its home."""
    url = options.database_url or ""
    if not url.startswith(("postgres://", "postgresql://")):
        if url:
            raise CommandError(tell("with SQLite simulate makes a file of its own: leave --database-url away",
                                    "使用 SQLite 时 simulate 自建数据文件:请勿指定 --database-url"))  # fmt: skip
        return nullcontext("")
    from server.simulation.database import own_database

    return own_database(url)


@contextmanager
def _unsynced() -> Iterator[None]:
    """Commits that do not wait for the disk, on this connection: what is not measured need not take long."""
    from django.db import connection

    with connection.cursor() as cursor:
        sqlite = connection.vendor == "sqlite"
        cursor.execute("PRAGMA synchronous=OFF" if sqlite else "SET synchronous_commit = off")
    try:
        yield
    finally:
        connection.close()


def _let_go() -> None:
    from django.db import connections

    connections.close_all()


def _measured(options: argparse.Namespace) -> dict[str, Any]:
    from protocol import keys as protocol_keys
    from server import keys
    from server.intake import enrolment, tokens
    from server.simulation.fleet import Fleet, Sent
    from server.simulation.load import send
    from server.simulation.processes import cost, resident

    fleet = Fleet(options.seed, options.findings, options.duplicates, options.bad, options.away, options.places)
    _say(tell(f"enrolling {options.agents} computers …", f"注册 {options.agents} 台计算机 …"))
    with _unsynced():
        fleet.enrol(
            options.agents,
            lambda raw: enrolment.enrol(raw, remote="127.0.0.1"),
            lambda: tokens.mint("internal")[1],
        )
    _say(tell("signing and sealing their reports …", "签名并封装报告 …"))
    batch: list[Sent] = list(fleet.rounds(options.reports))
    address = free_address()
    together = ("--workers", str(options.workers), "--fanout", str(options.fanout))
    with served(address, *(("--workers", str(options.workers), "--fanout", "0") if options.apart else together)) as one:
        before = cost(one.pid)
        _say(tell(f"sending {len(batch)} messages …", f"发送 {len(batch)} 份报文 …"))
        signing = protocol_keys.public_bytes(keys.collector_keys().signing)
        tally = send(batch, address, options.connections, signing, rate=options.rate, progress=_progress(len(batch)))
        spent, memory = cost(one.pid).since(before), resident(one.pid)
        if not options.apart:
            drained = tally.seconds + _drained(one)
            spent, memory = cost(one.pid).since(before), max(memory, resident(one.pid))
    intake = spent.intake
    if options.apart:
        with served(address, *together) as two:
            drained = _drained(two)
            spent, memory = cost(two.pid), max(memory, resident(two.pid))
    return _verdict(batch, tally, drained, memory) | {
        "processor": {
            "generator_ms_per_message": round(1e3 * tally.cpu / len(batch), 3),
            "intake_ms_per_message": round(1e3 * intake / len(batch), 3),
            "fan_out_us_per_violation": round(1e6 * spent.fan_out / (len(batch) * options.findings), 1),
        }
    }


def _verdict(batch: Any, tally: Any, drained: float, resident: int) -> dict[str, Any]:
    from server.violations.models import Group, Occurrence

    reports = sum(sent.kind == "report" for sent in batch)
    violations = sum(sent.findings for sent in batch)
    stored = Occurrence.objects.count()
    let_in = sum(
        count
        for (kind, word), count in tally.answers.items()
        if kind not in ("report", "duplicate") and word in ("accepted", "held")
    )
    whole = tally.accepted == reports and stored == violations and not let_in and not tally.forged
    return {
        "reports": reports,
        "accepted": tally.accepted,
        "seconds": round(tally.seconds, 3),
        "accepted_per_second": round(tally.accepted / tally.seconds, 1),
        "latency_ms": {
            f"p{share:.0%}".rstrip("%"): round(1000 * tally.percentile(share), 1) for share in (0.5, 0.95, 0.99)
        },
        "violations": violations,
        "stored": stored,
        "groups": Group.objects.count(),
        "violations_per_second": round(violations / drained, 1),
        "bad_let_in": let_in,
        "resident_mb": round(resident / 1e6, 1),
        "answers": {f"{kind}: {word}": count for (kind, word), count in sorted(tally.answers.items())},
        "whole": whole,
    }


def _lines(content: dict[str, Any]) -> list[str]:
    late, spent = content["latency_ms"], content["processor"]
    lines = [
        tell(
            f"accepted durably: {content['accepted']} of {content['reports']} reports in {content['seconds']} s: "
            f"{content['accepted_per_second']} a second",
            f"可靠接收:{content['reports']} 份中 {content['accepted']} 份,用时 {content['seconds']} 秒,"
            f"每秒 {content['accepted_per_second']} 份",
        ),
        tell(
            f"answered within {late['p50']} ms (half), {late['p95']} ms (95 %), {late['p99']} ms (99 %)",
            f"应答时间:中位 {late['p50']} 毫秒,95% {late['p95']} 毫秒,99% {late['p99']} 毫秒",
        ),
        tell(
            f"fanned out: {content['stored']} of {content['violations']} violations in {content['groups']} groups, "
            f"{content['violations_per_second']} a second",
            f"入库:{content['violations']} 条违规中 {content['stored']} 条,合并为 {content['groups']} 组,"
            f"每秒 {content['violations_per_second']} 条",
        ),
        tell(
            f"processor: {spent['intake_ms_per_message']} ms a message, {spent['fan_out_us_per_violation']} µs a "
            f"violation; the load itself {spent['generator_ms_per_message']} ms a message",
            f"处理器用时:每份报文 {spent['intake_ms_per_message']} 毫秒,每条违规 "
            f"{spent['fan_out_us_per_violation']} 微秒;负载程序每份 {spent['generator_ms_per_message']} 毫秒",
        ),
        tell(f"memory of the collector: {content['resident_mb']} MB", f"收集端内存:{content['resident_mb']} MB"),
        *(f"  {count:7}  {word}" for word, count in content["answers"].items()),
    ]
    good = tell("Nothing was lost, nothing doubled, nothing bad let in.", "无丢失、无重复,不良报文均被拒绝。")
    bad = tell("NOT WHOLE: what is stored is not what was sent.", "不完整:入库内容与发送内容不一致。")
    return [*lines, good if content["whole"] else bad]


def _progress(of: int) -> Callable[[int], None]:
    return lambda count: _say(tell(f"  {count} of {of} answered", f"  已应答 {count} / {of}"))


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def _command(*arguments: str) -> None:
    done = subprocess.run([sys.executable, "-m", "server", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise CommandError(done.stderr.strip())


def free_address() -> tuple[str, int]:
    """An address of this machine that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return "127.0.0.1", int(probe.getsockname()[1])


@contextmanager
def served(address: tuple[str, int], *more: str) -> Iterator[subprocess.Popen[bytes]]:
    """A collector that answers at this address, ended at the end."""
    bind = f"{address[0]}:{address[1]}"
    process = subprocess.Popen(
        [sys.executable, "-m", "server", "serve", "--bind", bind, *more], stdout=subprocess.DEVNULL
    )
    try:
        patience = time.monotonic() + START_SECONDS
        while process.poll() is None and time.monotonic() < patience:
            try:
                socket.create_connection(address, 1).close()
                break
            except OSError:
                time.sleep(0.1)
        else:
            raise CommandError(tell("the collector did not start", "收集端未能启动"))
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _drained(process: subprocess.Popen[bytes]) -> float:
    """Wait until the spool is empty; how many seconds that took."""
    from server.intake.models import SpoolEntry

    began = time.perf_counter()
    waiting = SpoolEntry.objects.filter(state=SpoolEntry.State.WAITING)
    while waiting.exists():
        if process.poll() is not None or time.perf_counter() > began + DRAIN_SECONDS:
            raise CommandError(tell("the collector ended, or does not get on", "收集端已退出或停滞"))
        time.sleep(0.05)
    return time.perf_counter() - began
