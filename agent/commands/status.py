"""``mijian status``: what this agent is, what waits to be told, and what the collector last said."""

from __future__ import annotations

import argparse
import fcntl
import json
import sys
from typing import Any

from agent import words
from agent.commands import context
from agent.in_force import InForce
from agent.reporting import identity
from agent.reporting.outbox import FILE, Outbox
from agent.settings import Settings

TYPES = ("violation", "media-session", "scan", "check", "self-check", "started", "dropped")
"""Types of records, as they travel."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser("status", help=words.text("显示客户端状态", "show the state of the agent"))
    parser.add_argument("--format", choices=("table", "json"), default="table", help=words.text("格式", "format"))
    context.add_options(parser)


def run(options: argparse.Namespace) -> int:
    """Print the state. Status 0; 2 where this computer is not enrolled."""
    settings = context.load(options)
    with context.mistakes():
        state = collect(settings)
    if options.format == "json":
        sys.stdout.write(json.dumps(state, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write("".join(f"{name}: {value}\n" for name, value in _lines(state)))
    return 0


def collect(settings: Settings) -> dict[str, Any]:
    """The state as one object. Reads only. Raises `IdentityError`, `OutboxUnavailable`."""
    mine = identity.load(settings.state)
    waiting = dict.fromkeys(TYPES, 0)
    receipt = refusal = error = ""
    sessions: list[dict[str, Any]] = []
    if (settings.state / FILE).exists():
        outbox = Outbox(settings.state, read_only=True)
        waiting |= outbox.waiting()
        receipt, refusal, error = (outbox.word(name) for name in ("receipt", "refusal", "error"))
        sessions = [
            {"session": first.session, "medium": first.medium.key, "mounted_at": first.mounted_at.isoformat()}
            for _, first in outbox.sessions()
        ]
        outbox.close()
    return {
        "agent": mine.agent,
        "class": mine.computer_class,
        "level": mine.level,
        "collector": {"name": mine.collector_name, "url": mine.url},
        "enrolled_at": mine.enrolled_at.isoformat(),
        "running": _is_running(settings),
        "transport": "http" if settings.uplink.sends(mine.computer_class) else "sealed",
        "rules": InForce(settings, keep=False).look().told(),
        "waiting": waiting,
        "last_receipt": receipt or None,
        "last_refusal": refusal or None,
        "last_error": error or None,
        "sessions": sessions,
    }


def _is_running(settings: Settings) -> bool:
    """Whether `mijian run` holds the lock of the state folder (the name is that of `agent.service.LOCK_FILE`)."""
    try:
        with (settings.state / "run.lock").open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _lines(state: dict[str, Any]) -> list[tuple[str, str]]:
    text = words.text
    waiting = ", ".join(f"{kind} {count}" for kind, count in state["waiting"].items() if count)
    return [
        (text("登记为", "enrolled as"), state["agent"]),
        (text("类别", "class"), " ".join(filter(None, (state["class"], state["level"])))),
        (text("采集端", "collector"), f"{state['collector']['name']} ({state['collector']['url']})"),
        (text("正在运行", "running"), text("是", "yes") if state["running"] else text("否", "no")),
        (
            text("上报方式", "reports go"),
            text("通过网络", "over the network")
            if state["transport"] == "http"
            else text("密封文件（mijian export）", "as sealed files (mijian export)"),
        ),
        (text("规则", "rules"), _rules(state["rules"])),
        *(
            (
                text("规则问题", "rules: trouble"),
                " ".join(filter(None, (each["told"], f"({each['detail']})" if each["detail"] else ""))),
            )
            for each in state["rules"]["troubles"]
        ),
        (text("待上报", "waiting"), waiting or text("无", "nothing")),
        (text("最近回执", "last receipt"), state["last_receipt"] or "—"),
        (text("最近拒收", "last refusal"), state["last_refusal"] or "—"),
        (text("最近错误", "last error"), state["last_error"] or "—"),
        (text("介质会话", "media sessions"), str(len(state["sessions"]))),
    ]


def _rules(rules: dict[str, Any]) -> str:
    text = words.text
    origin = text("程序自带", "those shipped with this program")
    if rules["origin"] == "bundle":
        origin = text(f"规则包, 版本 {rules['version']}", f"a signed bundle, version {rules['version']}")
    return origin + (text("; 另有关键词表", "; and a list of keywords") if rules["keywords"] else "")
