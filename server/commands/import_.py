"""``mijian-server import``: sealed files that came on a stick, through the same gate as the network."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from server.commands.base import emit, open_home, tell


def add_parser(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("import", parents=[common], help=tell("take in sealed files", "导入密封文件"))
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Take in every file and write ``FILE.receipt`` beside it; 1 where one was refused or got no receipt."""
    open_home(options)
    from server.intake.fanout import drain_if_free

    rows = [_take(file) for file in options.files]
    drain_if_free()
    lines = [_line(row) for row in rows]
    emit(options, {"files": rows}, lines)
    done = all(row["answer"] in ("accepted", "duplicate", "held") and row["receipt"] for row in rows)
    return 0 if done else 1


def _take(file: Path) -> dict[str, Any]:
    from protocol.envelope import MAX_ENVELOPE
    from server.intake.admission import admit
    from server.intake.spool import SpoolUnavailable

    row: dict[str, Any] = {"file": str(file), "answer": "failed", "reason": "", "message": "", "receipt": None}
    try:
        with file.open("rb") as source:
            raw = source.read(MAX_ENVELOPE + 1)
        admission = admit(raw, road="file")
    except OSError as error:
        return row | {"reason": "unreadable", "message": error.strerror or type(error).__name__}
    except SpoolUnavailable as error:
        return row | {"reason": "busy", "message": str(error)}
    decision = admission.decision
    row |= {"answer": decision.answer.value, "reason": decision.reason, "message": decision.message}
    receipt = file.with_name(file.name + ".receipt")
    try:
        _write(receipt, admission.receipt)
    except OSError as error:
        why = error.strerror or type(error).__name__
        return row | {
            "reason": "no-receipt",
            "message": tell(
                f"the receipt cannot be written here ({why}); copy the file to where one can and import it again",
                f"此处无法写入回执（{why}）；请将文件复制到可写入处后重新导入",
            ),
        }
    return row | {"receipt": str(receipt)}


def _write(path: Path, content: bytes) -> None:
    """Write a receipt whole or not at all: the stick may be pulled at any moment."""
    draft = path.with_name(path.name + ".part")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _line(row: dict[str, Any]) -> str:
    words = {
        "accepted": tell("accepted", "已接收"),
        "duplicate": tell("came before, nothing stored twice", "此前已接收,未重复保存"),
        "held": tell("kept, waits for an earlier file", "已保存,等待更早的文件"),
        "refused": tell("refused", "拒绝"),
        "failed": tell("could not be taken", "无法导入"),
    }
    why = f" ({row['reason']}: {row['message']})" if row["reason"] else ""
    return f"{row['file']}: {words[row['answer']]}{why}"
