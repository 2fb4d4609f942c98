"""``mijian rules explain --judge``: which row of the judging table a marking meets, and why the rows before it do not.

The tables are `signatures/controls/judging.yaml` (the first row that fits decides) and, for media and for approvals
that have ended, `media_judging.yaml` and `lapsed_judging.yaml` (every row that fits counts). Rows are counted from 1,
as they stand there.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from agent.words import language, severity, text

if TYPE_CHECKING:
    from agent.judging.judge import Carrier, Context, Judge
    from protocol.records import Finding
    from signatures.controls import Control, LapsedRow, MediumRow, Row

CLASSES = ("internet", "internal", "confidential")
LEVELS = ("秘密", "机密", "绝密")
STATUSES = ("registered", "lost", "destroyed", "unregistered")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that say where the marking was met."""
    group = parser.add_argument_group(text("裁定", "judging"))
    add = group.add_argument
    add("--judge", action="store_true", help=text("说明违反哪条规定及依据", "tell which rule it breaks, by which row"))
    add("--class", dest="computer", choices=CLASSES, default="internal", help=text("计算机类别", "its class"))
    add("--level", choices=LEVELS, help=text("计算机最高密级", "highest level the computer may hold"))
    add("--place", choices=("fixed", "medium"), help=text("文件所在: 硬盘或介质", "on a disk or a medium"))
    add("--medium", choices=CLASSES, help=text("介质类别 (台帐)", "class of the medium, by the register"))
    add("--medium-level", choices=LEVELS, help=text("介质密级", "level of the medium, by the register"))
    add("--status", choices=STATUSES, help=text("介质在台帐中的状态", "how the medium stands in the register"))
    add("--transfer", action="store_true", help=text("批准跨网传递的中间介质", "approved for carrying across networks"))
    add("--left", action="store_true", help=text("文件在其上存放过久", "documents have lain on it for too long"))
    add("--store", choices=("mail", "sync"), help=text("邮件或同步文件夹", "in a mail, or in a synchronised folder"))
    add("--open", action="store_true", help=text("人人可写", "everybody on the computer may change the file"))
    add("--draft", action="store_true", help=text("草稿或自动保存的文件", "a draft, an autosave or a template"))
    add("--unmarked", action="store_true", help=text("文件内未标注", "marked in its name or properties alone"))
    add("--lapsed", action="store_true", help=text("批准已到期", "its violation had been approved, until it ended"))
    add("--misplaced", action="store_true", help=text("不在指定目录", "outside the folders designated for such files"))


def explained(findings: Sequence[Finding], options: argparse.Namespace) -> dict[str, Any]:
    """What the tables say, as data."""
    from agent.judging.judge import Carrier, Judge

    judge, context = Judge(), _context(options)
    apart = False if options.misplaced else None
    carrier = Carrier(options.store, options.open, options.draft, not options.unmarked, apart)
    answer: dict[str, Any] = {"findings": [_finding(judge, one, context, carrier) for one in findings]}
    if options.lapsed:
        for one in answer["findings"]:
            one["besides"] = _ended(judge, one["outcome"]["control"], context)
    if options.status or options.medium:
        answer["medium"] = _medium(judge, options)
    return answer


def _context(options: argparse.Namespace) -> Context:
    from agent.judging.judge import Context
    from protocol.records import ComputerClass

    on_medium = options.place == "medium" or (options.place is None and bool(options.medium or options.status))
    return Context(
        computer_class=ComputerClass(options.computer),
        level=options.level,
        organisation_key=b"",
        reveal_key=b"",
        place="medium" if on_medium else "fixed",
        medium_class=options.medium or "unknown",
    )


def _finding(judge: Judge, finding: Finding, context: Context, carrier: Carrier) -> dict[str, Any]:
    from agent.judging.judge import misfit

    tried = []
    outcome: dict[str, Any] = {"row": None, "control": None}
    for number, row in enumerate(judge.table, 1):
        key = misfit(row, finding, context, carrier)
        if not key:
            broken = judge.outcome(row, finding)
            outcome = {"row": number, "when": _when(row)}
            outcome |= _control(judge.controls, *broken) if broken else {"control": None}
            break
        tried.append({"row": number, "control": row.control, "misfit": key, "wants": _when(row)[key]})
    told = {name: getattr(finding, name) for name in ("marking", "family", "level", "codes")}
    return {**told, "outcome": outcome, "tried": tried}


def _ended(judge: Judge, control: str | None, context: Context) -> list[dict[str, Any]]:
    """What the file breaks besides, were the approval of its violation over."""
    from agent.judging.judge import misfit_ended

    if control is None:
        return []
    return [
        _told(number, row, judge.controls, misfit_ended(row, control, context))
        for number, row in enumerate(judge.ended, 1)
    ]


def _medium(judge: Judge, options: argparse.Namespace) -> list[dict[str, Any]]:
    from agent.judging.media import NOTHING_LEFT, Left, MediaJudge, Standing, misfit
    from protocol.policy import MediumStatus, RegisteredMedium
    from protocol.records import ComputerClass

    status = options.status or "registered"
    line = None
    if status != "unregistered":
        line = RegisteredMedium(
            status=MediumStatus(status),
            medium_class=options.medium or "internal",
            level=options.medium_level,
            transfer=options.transfer,
        )
    standing = Standing(line, in_force=True, left=Left(1) if options.left else NOTHING_LEFT)
    computer = ComputerClass(options.computer)
    return [
        _told(number, row, judge.controls, misfit(row, standing, computer, options.level))
        for number, row in enumerate(MediaJudge(controls=judge.controls).rows, 1)
    ]


def _told(number: int, row: MediumRow | LapsedRow, controls: dict[str, Control], misfit: str) -> dict[str, Any]:
    """A row of a table of which every row that fits counts."""
    one = {"row": number, **_control(controls, row.control, row.severity or controls[row.control].severity)}
    return one | ({"misfit": misfit, "wants": _when(row)[misfit]} if misfit else {"when": _when(row)})


def _when(row: Row | MediumRow | LapsedRow) -> dict[str, Any]:
    """The keys that a row gives."""
    given: dict[str, Any] = msgspec.to_builtins(row.when)
    return {key: value for key, value in given.items() if value not in ((), [], None)}


def _control(controls: dict[str, Control], control: str, worst: str) -> dict[str, Any]:
    known = controls[control]
    words = {"title": known.title.pick(language()), "clause": known.clause}
    return {"control": control, "severity": str(worst), **words}


def lines(answer: dict[str, Any]) -> Iterator[str]:
    """The same for people."""
    for finding in answer["findings"]:
        yield ""
        yield f"{text('裁定', 'judging')}: {finding['marking']} ({finding['family']})"
        yield from _outcome(finding["outcome"])
        if finding["tried"]:
            yield f"  {text('之前未采用的行', 'rows before it that do not fit')}:"
        for tried in finding["tried"]:
            yield f"    {_row(tried)} → {tried['control'] or '—'}: {_misfit(tried)}"
        if finding.get("besides"):
            yield text(
                "  批准到期后另违反 (lapsed_judging.yaml):",
                "  broken besides, its approval being over (lapsed_judging.yaml):",
            )
            yield from _each(finding["besides"])
    if not answer["findings"]:
        yield ""
        yield text("没有可裁定的标志。", "There is no marking to be judged.")
    if "medium" in answer:
        yield ""
        yield text("介质本身 (media_judging.yaml)", "The medium itself (media_judging.yaml)") + ":"
    yield from _each(answer.get("medium", ()))


def _each(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Rows of a table of which every row that fits counts."""
    for row in rows:
        if "misfit" in row:
            yield f"    {_row(row)} → {row['control']}: {_misfit(row)}"
        else:
            yield f"  ● {_row(row)}: {row['control']} {row['title']} ({severity(row['severity'])})"


def _outcome(outcome: dict[str, Any]) -> Iterator[str]:
    if outcome["row"] is None:
        yield "  " + text("没有一行适用: 不违规。", "No row fits: nothing is broken.")
        return
    fits = "; ".join(f"{key}: {_value(value)}" for key, value in outcome["when"].items())
    yield f"  ● {_row(outcome)} {text('适用', 'fits')} ({fits or '—'})"
    if outcome["control"] is None:
        yield "  " + text("按此行不违规。", "By this row nothing is broken.")
    else:
        yield f"  {outcome['control']} {outcome['title']} ({severity(outcome['severity'])})"
        yield f"  {text('依据', 'clause')}: {outcome['clause']}"


def _row(one: dict[str, Any]) -> str:
    return text(f"第 {one['row']} 行", f"row {one['row']}")


def _misfit(one: dict[str, Any]) -> str:
    wants = _value(one["wants"])
    return text(f"{one['misfit']} 须为 {wants}", f"{one['misfit']} is to be {wants}")


def _value(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
