"""``mijian status``: what this agent is, what waits to be told, and what the collector last said."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from agent import words
from agent.alone import is_running
from agent.commands import context
from agent.in_force import InForce
from agent.reporting import identity, live
from agent.reporting.outbox import FILE, Outbox, OutboxDamaged, OutboxUnavailable
from agent.reporting.policies import Policies
from agent.scanning.ocr import available as ocr
from agent.settings import Settings

TYPES = ("violation", "media-session", "scan", "check", "self-check", "started", "dropped", "heartbeat")
"""Types of records, as they travel."""
STALE_SECONDS = 180
"""The agent writes how it stands at least once a minute."""


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
    policies = Policies(settings.state, mine)  # class and level follow it
    running = is_running(settings.state)
    health = _health(settings, running=running)
    try:
        held = _outbox(settings.state)
    except OutboxDamaged:
        raise
    except OutboxUnavailable:
        held = _NOTHING
        health |= {"health": "ill", "reasons": sorted({*health["reasons"], "outbox-unavailable"})}
    return {
        "agent": mine.agent,
        "class": mine.computer_class,
        "level": mine.level,
        "collector": {"name": mine.collector_name, "url": mine.url},
        "enrolled_at": mine.enrolled_at.isoformat(),
        "running": running,
        **health,
        "policy": _policy(policies),
        "transport": "http" if settings.uplink.sends(mine.computer_class) else "sealed",
        "pictures": "off" if not settings.scan.ocr else "read" if ocr.installed() else "not-installed",
        "rules": InForce(settings, keep=False).look().told(),
        **held,
    }


_NOTHING: dict[str, Any] = {
    "waiting": dict.fromkeys(TYPES, 0),
    "last_receipt": None,
    "last_refusal": None,
    "last_error": None,
    "sessions": [],
}


def _outbox(state: Path) -> dict[str, Any]:
    """What the outbox holds. Raises `OutboxUnavailable`."""
    if not (state / FILE).exists():
        return _NOTHING
    outbox = Outbox(state, read_only=True)
    try:
        waiting = _NOTHING["waiting"] | outbox.waiting()
        last = {f"last_{name}": outbox.word(name) or None for name in ("receipt", "refusal", "error")}
        sessions = [
            {"session": first.session, "medium": first.medium.key, "mounted_at": first.mounted_at.isoformat()}
            for _, first in outbox.sessions()
        ]
    finally:
        outbox.close()
    return {"waiting": waiting, **last, "sessions": sessions}


def _health(settings: Settings, *, running: bool) -> dict[str, Any]:
    """Health in one word with its reasons, and what the running agent last wrote of itself."""
    now = live.read(settings.state) if running else None
    seen = live.state_troubles(settings.state)
    if not running:
        return {"health": "ill", "reasons": ["not-running", *seen], "agent_now": None}
    if now is None:
        return {"health": "ill" if seen else "limited", "reasons": ["starting", *seen], "agent_now": None}
    told = [reason for reason in now.reasons if reason not in ("disk-full", "state-read-only")]
    reasons = [*told, *seen]  # the agent cannot write down how it stands on a disk that is full
    if (datetime.now(UTC) - now.written_at).total_seconds() > STALE_SECONDS:
        reasons.append("stalled")
    health = "ill" if "stalled" in reasons else live.health(tuple(reasons))
    return {"health": health, "reasons": reasons, "agent_now": msgspec.to_builtins(now)}


def _policy(policies: Policies) -> dict[str, Any] | None:
    policy = policies.current
    if policy is None:
        return None
    now = datetime.now(UTC)
    return {
        "serial": policy.serial,
        "issued": policy.issued.isoformat(),
        "number": policy.number,
        "media": len(policy.media),
        "register_in_force": policy.register_in_force,
        "waivers": sum(waiver.expires > now for waiver in policy.waivers),
        "profile": policy.profile,
        "rules_version": policy.rules_version,
    }


def _why(reason: str) -> str:
    own = {
        "not-running": ("客户端没有运行", "the agent does not run"),
        "starting": ("正在启动", "it is starting"),
        "stalled": ("客户端没有响应", "the agent does not answer"),
    }
    return words.text(*own[reason]) if reason in own else live.why(reason)


_HEALTH = {"well": ("正常", "well"), "limited": ("受限", "limited"), "ill": ("故障", "ill")}


def _now(state: dict[str, Any]) -> list[tuple[str, str]]:
    """What the running agent says of itself, for people."""
    text, now = words.text, state["agent_now"]
    if now is None:
        return []
    job, limits = now["job"], now["limits"]
    doing = text("空闲", "idle")
    if job:
        size = words.size(job["bytes"])
        doing = text(
            f"检查中（{job['cause']}）：{job['files']} 个文件，{size}",
            f"{job['cause']} scan: {job['files']} files, {size}",
        )
    held = text("无", "none")
    if limits["limited"]:
        held = _limit(limits)
    scans = [
        f"{scan['cause']} {scan['enumerated']} = {scan['clean']} + {scan['finding']} + {scan['not_examined']}"
        for scan in now["scans"][-3:]
    ]
    return [
        (text("正在进行", "at work"), doing),
        (
            text("排队", "queue"),
            ", ".join(f"{kind} {count}" for kind, count in now["queue"].items()) or text("无", "empty"),
        ),
        (text("限制", "limits"), held),
        (text("内存", "memory"), f"{limits['memory_used_mb']} / {limits['memory_mb']} MB"),
        (text("最近检查", "last scans"), "; ".join(scans) or "—"),
        (text("隔离程度", "cage"), now["cage"] or "—"),
        (text("规则", "rules"), now["rules"][:19] or "—"),
        *([(text("发布的规则", "rules released"), now["rules_problem"])] if now["rules_problem"] else []),
    ]


def _limit(limits: dict[str, Any]) -> str:
    """What is held back, why, and until when."""
    share, minutes = f"{limits['processor_percent']:.0f}%", f"{limits['idle_minutes']:g}"
    if limits["until"] is None:
        return words.text(
            f"处理器 {share}（电池供电，接通电源后解除）", f"processor {share} (on battery: until on the charger)"
        )
    until = datetime.fromisoformat(limits["until"]).astimezone().strftime("%H:%M")
    return words.text(
        f"处理器 {share}（有人在用：{minutes} 分钟无操作后解除，最早 {until}）",
        f"processor {share} (somebody works: until nobody has for {minutes} minutes, {until} at the earliest)",
    )


def _lines(state: dict[str, Any]) -> list[tuple[str, str]]:
    text = words.text
    policy = state["policy"]
    health = text(*_HEALTH[state["health"]])
    if state["reasons"]:
        health += text("：", ": ") + "; ".join(_why(reason) for reason in state["reasons"])
    waiting = ", ".join(f"{kind} {count}" for kind, count in state["waiting"].items() if count)
    return [
        (text("登记为", "enrolled as"), state["agent"]),
        (text("类别", "class"), " ".join(filter(None, (state["class"], state["level"])))),
        (text("采集端", "collector"), f"{state['collector']['name']} ({state['collector']['url']})"),
        (text("正在运行", "running"), text("是", "yes") if state["running"] else text("否", "no")),
        (text("状况", "health"), health),
        (text("策略", "policy"), str(policy["serial"]) if policy else text("无", "none")),
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
        (text("图片文字识别", "text in pictures"), _pictures(state["pictures"])),
        (text("待上报", "waiting"), waiting or text("无", "nothing")),
        (text("最近回执", "last receipt"), state["last_receipt"] or "—"),
        (text("最近拒收", "last refusal"), state["last_refusal"] or "—"),
        (text("最近错误", "last error"), state["last_error"] or "—"),
        (text("介质会话", "media sessions"), str(len(state["sessions"]))),
        *_now(state),
    ]


def _pictures(state: str) -> str:
    if state == "read":
        return words.text("识别", "is read (OCR)")
    if state == "off":
        return words.text("按设置不识别", "is not read: switched off in the settings")
    return words.text("不识别: 未安装 OCR (mijian[ocr])", "is not read: OCR is not installed (mijian[ocr])")


def _rules(rules: dict[str, Any]) -> str:
    text = words.text
    origin = text("程序自带", "those shipped with this program")
    if rules["origin"] == "bundle":
        origin = text(f"规则包, 版本 {rules['version']}", f"a signed bundle, version {rules['version']}")
    return origin + (text("; 另有关键词表", "; and a list of keywords") if rules["keywords"] else "")
