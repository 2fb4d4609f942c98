"""``mijian-server report``: makes a numbered report as PDF, DOCX or XLSX."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path
from typing import Any

from server.commands.base import CommandError, department_named, into_new_file, open_home, tell, who

KINDS = ("inspection", "rectification", "ledger", "annual", "assessment", "spotcheck")
LANGUAGES = {"zh": "zh-hans", "en": "en"}


def add_parser(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "report",
        parents=[common],
        conflict_handler="resolve",
        help=tell("a numbered report as PDF, DOCX or XLSX", "生成带编号的报告(PDF、DOCX、XLSX)"),
        description=tell(
            "Makes a report under the next number of this year. It also stands on the page Reports.",
            "生成报告并取得本年度下一个编号,报告同时列在“报告”页面。",
        ),
    )
    kinds = tell(
        "inspection, rectification, ledger, annual, assessment or spotcheck",
        "检查报告、整改清单、台帐摘录、年度汇总、考核评分表、抽查单",
    )
    parser.add_argument("kind", choices=KINDS, metavar="KIND", help=kinds)
    parser.add_argument("--format", dest="form", choices=("pdf", "docx", "xlsx"), default="pdf")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help=tell("a new file", "新文件"))
    parser.add_argument(
        "--department", metavar="PATH", default="", help=tell("Head office/Finance (all)", "总部/财务处(默认全部)")
    )
    day = tell("first day (the first of this month)", "起始日(默认本月1日)")
    parser.add_argument("--since", type=date.fromisoformat, metavar="YYYY-MM-DD", help=day)
    last = tell("last day (today)", "截止日(默认今天)")
    parser.add_argument("--until", type=date.fromisoformat, metavar="YYYY-MM-DD", help=last)
    parser.add_argument("--year", type=int, help=tell("for annual (this year)", "年度汇总的年份(默认今年)"))
    ledger = tell("for ledger: this one alone", "台帐摘录:仅此台帐")
    parser.add_argument("--ledger", choices=("computers", "media", "people"), default="", help=ledger)
    parser.add_argument("--language", choices=LANGUAGES, default=tell("en", "zh"))
    parser.set_defaults(run=run, format="table")


def run(options: argparse.Namespace) -> int:
    """Make the report and copy its file."""
    if options.out.exists():
        raise CommandError(
            tell(f"{options.out} is there already: name a new file", f"{options.out} 已存在:请指定新文件")
        )
    open_home(options)
    from server.reports import making, shelf, workshop
    from server.reports.models import Report

    with workshop.alone(wait=True):
        try:
            report = making.ask(
                options.kind,
                forms=[options.form],
                department=department_named(options.department),
                language=LANGUAGES[options.language],
                ledger=options.ledger,
                by=None,
                told_by=who(),
                **_period(options),
            )
        except making.ReportMistake as mistake:
            raise CommandError(str(mistake)) from mistake
        making.make(report)
    report = Report.objects.get(pk=report.pk)
    if report.state != Report.State.DONE:
        raise CommandError(f"{report.number}: {report.problem}")
    file = report.files.get()
    into_new_file(options.out, iter([shelf.take(file)]))
    told = tell(f"{options.out}: report {report.number}", f"{options.out}:报告 {report.number}")
    sys.stdout.write(f"{told}\nSHA-256 {file.sha256}\n")
    return 0


def _period(options: argparse.Namespace) -> dict[str, date]:
    from django.utils import timezone

    from server.reports.making import whole_year

    today = timezone.localdate()
    if options.kind == "annual":
        since, until = whole_year(today.year if options.year is None else min(max(options.year, 1970), 2999))
    else:
        since, until = options.since or today.replace(day=1), options.until or today
    return {"since": since, "until": until}
