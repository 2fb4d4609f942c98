"""A self-check for a terminal: a sum by regime, then the failures with how to mend each, then the rest in short."""

from __future__ import annotations

from agent.checks.selfcheck import Change, Line, Report
from agent.commands.check_words import ORDER, by_regime, evidence, heading, outcome, pick, severity, title
from agent.words import printable, text
from protocol.records import CheckOutcome

_SHORT = {CheckOutcome.PASS, CheckOutcome.NOT_APPLICABLE}


def table(report: Report, change: Change | None) -> bytes:
    """The whole table."""
    out = [title(report), "", *(f"{name}  {value}" for name, value in heading(report))]
    out += ["", *_sum(report)]
    if change:
        out += ["", *changes(report, change)]
    for line in report.lines:
        if line.outcome not in _SHORT:
            out += ["", *_long(line)]
    rest = [line for line in report.lines if line.outcome in _SHORT]
    if rest:
        out.append("")
        for line in rest:
            out.append(_short(line))
            if report.kind == "device":  # a certificate says what was done, where all is well too
                out += [f"    {sentence}" for sentence in evidence(line)]
    open_questions = [one for one in report.attestations if not one.answer]
    if open_questions:
        out += [
            "",
            text(
                f"另有 {len(open_questions)} 个问题需由人回答：mijian check --questions 文件",
                f"{len(open_questions)} questions are for a person to answer: mijian check --questions FILE",
            ),
        ]
    for one in report.attestations:
        if one.answer == "no":
            out.append(f"{one.control}  {text('回答“否”', 'answered no')}  {pick(one.ask)}")
    return ("\n".join(printable(line) for line in out) + "\n").encode("utf-8", "replace")


def _sum(report: Report) -> list[str]:
    """Counts by regime, in columns."""
    rows = [[text("制度", "regime"), *(outcome(one) for one in ORDER)]]
    rows += [[name, *(str(counts[one] or "·") for one in ORDER)] for name, counts in by_regime(report.lines)]
    rows.append([text("合计", "sum"), *(str(report.count(one)) for one in ORDER)])
    widths = [max(_width(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            _padded(cell, width, left=number == 0) for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def changes(report: Report, change: Change) -> list[str]:
    """What is new, mended and still open since an earlier report."""
    titles = {line.check: pick(line.title) for line in report.lines}
    out = [text(f"与报告 {change.earlier} 相比：", f"since the report {change.earlier}:")]
    for zh, en, names in (
        ("新增", "new", change.new),
        ("已整改", "mended", change.mended),
        ("未整改", "still open", change.open),
    ):
        told = ", ".join(titles.get(name, name) for name in names) or "-"
        out.append(f"  {text(zh, en)} {len(names)}: {told}")
    return out


def _long(line: Line) -> list[str]:
    out = [f"{outcome(line.outcome)}  {line.controls[0]}  {pick(line.title)}  [{severity(line)}, {line.check}]"]
    if line.why:
        out.append("    " + pick(line.why))
    out += [f"    {sentence}" for sentence in evidence(line)[:12]]
    if len(line.facts) > 12:
        out.append("    " + text(f"……另有 {len(line.facts) - 12} 条", f"… and {len(line.facts) - 12} more"))
    if line.outcome is CheckOutcome.FAIL:
        out.append("    " + text("依据：", "clause: ") + line.clause)
        out.append("    " + text("处置：", "what to do: ") + pick(line.remedy))
    return out


def _short(line: Line) -> str:
    why = f"  ({pick(line.why)})" if line.why else ""
    return f"{line.controls[0]}  {outcome(line.outcome)}  {pick(line.title)}{why}"


def _width(words: str) -> int:
    """Columns on a terminal: Chinese characters take two."""
    return sum(2 if character >= "ᄀ" else 1 for character in words)


def _padded(words: str, width: int, *, left: bool) -> str:
    space = " " * (width - _width(words))
    return words + space if left else space + words
