"""``mijian import FILE…``: what comes back from the collector by hand: receipts, policy with waivers, signed rules."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent import words
from agent.commands import UsageError, context
from agent.reporting import carried, identity
from agent.reporting.identity import Identity
from agent.reporting.outbox import Outbox
from agent.reporting.policies import Policies
from agent.reporting.rules_fetch import FOLDER, NoKey, trusted_key
from agent.reporting.sealed import SealedFileError
from agent.settings import Settings
from protocol.policy import PolicyError

BAD = frozenset({"refused", "held"})
"""Fates after which something is left to do."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "import",
        help=words.text("导入采集端回执、策略、规则", "take in receipts, policy and rules of the collector"),
    )
    parser.add_argument(
        "files", type=Path, nargs="+", metavar="FILE", help=words.text("带回的文件", "file brought back")
    )
    parser.add_argument("--format", choices=("table", "json"), default="table", help=words.text("格式", "format"))
    context.add_options(parser)


def run(options: argparse.Namespace) -> int:
    """Take every file that can be taken. Status 0; 1 where something is left to do; 2 for a file of none of ours."""
    settings = context.load(options)
    rows: list[dict[str, Any]] = []
    with context.mistakes():
        mine = identity.load(settings.state)
        outbox = Outbox(settings.state, max_bytes=int(settings.outbox.max_mb * 1_000_000))
        try:
            for path in options.files:
                rows.append(_take(settings, mine, outbox, path))
        finally:
            outbox.close()
    for row in rows:
        if options.format == "json":
            sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
        elif row["kind"] != "unknown":
            sys.stdout.write(_told(row) + "\n")
    unusable = [row for row in rows if row["fate"] == "unusable"]
    if unusable:
        raise UsageError("\n".join(row["message"] for row in unusable))
    return 1 if any(row["fate"] in BAD for row in rows) else 0


def _take(settings: Settings, mine: Identity, outbox: Outbox, path: Path) -> dict[str, Any]:
    """Take one file; what became of it, as a row."""
    try:
        raw = carried.read(path)
        kind = carried.kind(raw)
        if kind == "receipt":
            return _receipt(carried.take_receipt(outbox, mine, path, raw), path)
        if kind == "policy":
            policy = Policies(settings.state, mine).take(raw)
            told = {"serial": policy.serial, "waivers": len(policy.waivers), "media": len(policy.media)}
            return {"file": path.name, "kind": "policy", "fate": "taken", **told}
        if kind == "rules":
            return _rules(settings, mine, path)
    except (SealedFileError, PolicyError) as error:
        fate = "repeated" if isinstance(error, PolicyError) and error.reason == "older" else "unusable"
        said = str(error) if isinstance(error, SealedFileError) else f"{path}: {error}"
        return {"file": path.name, "kind": "policy" if fate == "repeated" else "unknown", "fate": fate, "message": said}
    except OSError as error:
        raise UsageError(f"{settings.state}: {error.strerror}") from error
    wrong = words.text(
        f"{path} 不是采集端的回执、策略或规则文件", f"{path} is no receipt, policy or bundle of rules of a collector"
    )
    return {"file": path.name, "kind": "unknown", "fate": "unusable", "message": wrong}


def _receipt(taken: carried.ReceiptTaken, path: Path) -> dict[str, Any]:
    receipt = taken.receipt
    return {
        "file": path.name,
        "kind": "receipt",
        "fate": taken.fate,
        "sequence": receipt.sequence,
        "answer": receipt.answer.value,
        "reason": receipt.reason,
        "message": receipt.message,
        "missing": taken.missing,
    }


def _rules(settings: Settings, mine: Identity, path: Path) -> dict[str, Any]:
    from signatures.bundles import BundleRefused, install

    row: dict[str, Any] = {"file": path.name, "kind": "rules"}
    try:
        key = trusted_key(settings, Policies(settings.state, mine).current)
    except NoKey:
        said = words.text(
            f"{path}: 策略中没有规则签名公钥；请先导入策略，或用 mijian rules install --trust 安装",
            f"{path}: no policy names the key of the rules; import the policy first, or use mijian rules install",
        )
        return row | {"fate": "unusable", "message": said}
    try:
        done = install(path, settings.state / FOLDER, key, now=datetime.now(UTC))
    except BundleRefused as error:
        fate = "repeated" if error.reason in ("same-version", "older") else "unusable"
        return row | {"fate": fate, "message": f"{path}: {error}"}
    return row | {"fate": "taken", "version": done.header.version}


def _told(row: dict[str, Any]) -> str:
    """A row for people."""
    text = words.text
    if row["fate"] == "unusable":
        return f"{row['file']}: {row['message']}"
    if row["kind"] == "policy":
        if row["fate"] == "repeated":
            return text(f"策略未更新：{row['message']}", f"policy not taken: {row['message']}")
        return text(
            f"策略 {row['serial']} 已生效：登记介质 {row['media']}，有效豁免 {row['waivers']}",
            f"policy {row['serial']} is in force: {row['media']} media, {row['waivers']} waivers",
        )
    if row["kind"] == "rules":
        if row["fate"] == "repeated":
            return text(f"规则未更新：{row['message']}", f"rules not taken: {row['message']}")
        return text(f"规则 {row['version']} 已生效", f"rules {row['version']} are in force")
    number = row["sequence"]
    said = f"{row['answer']} {row['reason']} {row['message']}".strip()
    more = {
        "taken": ("", ""),
        "repeated": ("（此前已导入过）", " (taken in before)"),
        "held": (
            f"；采集端缺第 {row['missing']} 封，请先送达",
            f"; the collector has not got envelope {row['missing']}: carry that one",
        ),
        "refused": ("；记录保留，请重新导出", "; the records are kept: export them again"),
    }[row["fate"]]
    return text(f"第 {number} 封：{said}{more[0]}", f"envelope {number}: {said}{more[1]}")
