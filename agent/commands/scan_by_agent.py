"""``mijian scan --by-agent``: the running agent scans, before all else it has to do, and reports what it finds."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from agent import requests, words
from agent.alone import is_running
from agent.commands import UsageError, context
from agent.reporting import live
from agent.settings import Settings

WAIT_SECONDS = 0.2
SUMS = ("enumerated", "clean", "finding", "not_examined")
_OWN: dict[str, Any] = {
    "output": None,
    "all": False,
    "explain": False,
    "computer_class": None,
    "level": None,
    "rules": None,
    "keywords": None,
    "labels": None,
    "families": [],
    "no_cache": False,
    "workers": 0,
    "no_ocr": False,
    "cross_file_systems": False,
}
"""Options that are the agent's own affair when it scans, with what they are where nobody gave them."""


def run(options: argparse.Namespace) -> int:
    """Have it scanned, wait for the sum, print it. Status as of ``mijian scan``; the findings are the collector's."""
    given = [name for name, unless in _OWN.items() if getattr(options, name) != unless]
    if given or options.format not in ("table", "jsonl"):
        raise UsageError(
            words.text(
                "--by-agent 按客户端自己的设置和策略检查，只能与 --format table|jsonl 同用",
                "--by-agent scans by the agent's own settings and policy: it goes with --format table or jsonl alone",
            )
        )
    settings = context.load(options)
    paths = tuple(_full(path) for path in options.paths)
    if not is_running(settings.state):
        raise UsageError(
            words.text(
                "客户端没有运行，或无权请求（需要 root）", "no agent is running, or you may not ask it (root may)"
            )
        )
    try:
        answer = _asked(settings, paths)
    except (OSError, msgspec.DecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else type(error).__name__
        raise UsageError(f"{settings.state}: {why}") from error
    if answer is None:
        return 3
    if answer.trouble:
        raise UsageError(live.why(answer.trouble))
    return _tell(answer, as_json=options.format == "jsonl")


def _full(path: str) -> str:
    """A path as the agent can find it. Raises `UsageError`."""
    if not os.path.lexists(path):
        raise UsageError(f"{path}: " + words.text("没有这个文件或文件夹", "there is no such file or folder"))
    full = str(Path(path).absolute())
    try:
        full.encode()
    except UnicodeEncodeError as error:
        raise UsageError(
            words.text(f"{path!r}: 请改为其上级文件夹", f"{path!r}: name the folder it lies in instead")
        ) from error
    return full


def _asked(settings: Settings, paths: tuple[str, ...]) -> requests.ScanAnswer | None:
    """The agent's answer; None where nobody waited for it any longer, or the agent ended. Raises `OSError`."""
    id_ = requests.ask_for_scan(settings.state, paths)
    try:
        while (answer := requests.take_answer(settings.state, id_)) is None:
            if not is_running(settings.state):
                sys.stderr.write(
                    words.text(
                        "客户端已停止；它再次启动后会完成检查\n",
                        "the agent has stopped; it will make the scan when it is started again\n",
                    )
                )
                return None
            time.sleep(WAIT_SECONDS)
    except KeyboardInterrupt:
        requests.withdraw(settings.state, id_)
        sys.stderr.write(words.text("不再等待；检查继续进行\n", "not waiting any longer; the scan goes on\n"))
        return None
    return answer


def _tell(answer: requests.ScanAnswer, *, as_json: bool) -> int:
    """Print the sum of the sums; the exit status."""
    sums: Counter[str] = Counter()
    for scan in answer.scans:
        sums.update({name: getattr(scan, name) for name in SUMS})
    complete = bool(answer.scans) and all(scan.complete for scan in answer.scans)
    if as_json:
        told: dict[str, Any] = {name: sums[name] for name in SUMS}
        told |= {"seconds": round(sum(scan.seconds for scan in answer.scans), 3), "complete": complete}
        sys.stdout.write(json.dumps({"summary": told}) + "\n")
    else:
        counts = [sums[name] for name in SUMS]
        sys.stdout.write(
            words.text(
                "共 {} = 正常 {} + 有标志 {} + 未检查 {}；违规已记入待上报\n",
                "{} seen = {} clean + {} with findings + {} not examined; violations will be told to the collector\n",
            ).format(*counts)
        )
    if sums["finding"]:
        return 1
    return 0 if complete and not sums["not_examined"] else 3
