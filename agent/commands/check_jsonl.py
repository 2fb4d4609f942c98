"""A self-check as JSON Lines, and such a file read back for ``--since``."""

from __future__ import annotations

from pathlib import Path

import msgspec

from agent.checks.selfcheck import Attestation, Change, Line, Report
from agent.commands import UsageError
from agent.commands.check_words import ORDER
from agent.words import text

MOST = 64 * 1024 * 1024


def jsonl(report: Report, change: Change | None) -> bytes:
    """One head, one object for each check and each question, one sum. Texts stand in both languages."""
    head = {name: value for name, value in msgspec.to_builtins(report).items() if name not in {"lines", "attestations"}}
    rows: list[object] = [{"report": head}]
    for line in report.lines:
        row = msgspec.to_builtins(line)
        signals = [one.seen for one in line.facts if line.check == "isolation"]
        rows.append({"control": line.controls[0], **row, **({"signals": signals} if signals else {})})
    rows += [{"attestation": one} for one in report.attestations]
    counts: dict[str, object] = {str(one): report.count(one) for one in ORDER}
    rows.append({"summary": {**counts, "exit_code": report.exit_code, **({"since": change} if change else {})}})
    return b"".join(msgspec.json.encode(row) + b"\n" for row in rows)


class _Head(msgspec.Struct):
    report: msgspec.Raw


class _Question(msgspec.Struct):
    attestation: Attestation


def read(path: Path) -> Report:
    """A report from its file. Raises `UsageError` where it is none."""
    mistake = UsageError(
        text(
            f"--since {path}：不是 mijian check --format jsonl 的报告",
            f"--since {path} is no report of mijian check --format jsonl",
        )
    )
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"--since {path}: {error.strerror}") from error
    if len(data) > MOST:
        raise mistake
    try:
        first, *rest = data.splitlines()
        head = msgspec.json.decode(msgspec.json.decode(first, type=_Head).report)
        lines, questions = [], []
        for row in rest:
            if row.startswith(b'{"control"'):
                lines.append(msgspec.json.decode(row, type=Line))
            elif row.startswith(b'{"attestation"'):
                questions.append(msgspec.json.decode(row, type=_Question).attestation)
        return msgspec.convert({**head, "lines": tuple(lines), "attestations": tuple(questions)}, Report, strict=False)
    except (msgspec.MsgspecError, ValueError, TypeError, UnicodeDecodeError) as error:
        raise mistake from error
