"""``mijian check``: self-check of this computer, of an offline system tree, or of a device before disposal."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from agent import words
from agent.checks.base import Context, Marked, Registration
from agent.checks.isolation_probe import NAME as PROBE
from agent.checks.selfcheck import Change, Report, compare
from agent.checks.selfcheck import registration as registration_of
from agent.checks.selfcheck import report as run_profile
from agent.checks.survey import Survey
from agent.checks.tree import Tree
from agent.commands import UsageError, check_answers, check_jsonl, check_table, context
from agent.commands.check_profile import chosen
from agent.probe_target import target
from agent.reporting import identity
from agent.settings import Settings
from agent.words import text
from protocol.records import ComputerClass, Level
from signatures.profiles import Profile, asked, load_profiles, load_questions

FORMATS = ("table", "jsonl", "html", "pdf")
NO_CLASS = (
    "本机类别未知，无法检查：请先登记（mijian enroll），或用 --profile 指定检查方案",
    "could not be checked: the class of this computer is not known; enrol it, or give --profile",
)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser("check", help=text("自查本机", "self-check of this computer"))
    add = parser.add_argument
    classes = ", ".join(ComputerClass)
    add(
        "--profile",
        "--class",
        metavar="NAME",
        help=text(
            f"检查方案：名称、类别（{classes}）或 YAML 文件；默认按登记的类别和密级",
            f"profile: its name, a class ({classes}) or a YAML file; by default that of the class and level registered",
        ),
    )
    add(
        "--level",
        choices=[one.value for one in Level],
        help=text("涉密计算机的密级", "level of a confidential computer"),
    )
    add(
        "--root",
        type=Path,
        metavar="DIR",
        help=text("检查离线系统的根目录", "check the offline system below this directory"),
    )
    add(
        "--device",
        type=Path,
        metavar="DEV",
        help=text(
            "检查原始设备或镜像（disposal、media 方案）", "examine a raw device or image (profiles disposal, media)"
        ),
    )
    add(
        "--probe",
        metavar="ADDR",
        help=text(
            "另外对该地址探测一次（tcp:地址:端口 或 dns:地址）；涉密计算机须在配置中写明",
            "also try once to reach this address (tcp:ADDRESS:PORT or dns:ADDRESS); a confidential computer only tries "
            "the one in its settings",
        ),
    )
    add("--full", action="store_true", help=text("逐块读取整个设备", "read every block of the device"))
    add(
        "--scan",
        type=Path,
        nargs="+",
        metavar="PATH",
        help=text(
            "同时扫描这些目录中的标志，或读取扫描结果 (.jsonl)",
            "scan these folders for markings too, or read a scan's result (.jsonl)",
        ),
    )
    _add_report(parser)
    context.add_options(parser)


def _add_report(parser: argparse.ArgumentParser) -> None:
    """Options of what is told, and in which form."""
    add = parser.add_argument
    add("--format", choices=FORMATS, default="table", help=text("格式", "format"))
    add("--output", type=Path, metavar="F", help=text("写入文件", "write to this file"))
    add(
        "--since",
        type=Path,
        metavar="REPORT",
        help=text("与上次的 jsonl 报告对照", "compare with an earlier report (jsonl)"),
    )
    add("--answers", type=Path, metavar="F", help=text("人工问题的回答", "answers to the questions"))
    add(
        "--questions",
        type=Path,
        metavar="F",
        help=text("写出待回答的问题后退出", "write the questions to be answered, and leave"),
    )
    add("--profiles", action="store_true", help=text("列出检查方案", "list the profiles"))
    add("--coverage", action="store_true", help=text("列出各条保密要求的支持情况", "list how each control is covered"))
    add(
        "--no-report",
        action="store_true",
        help=text("不向服务器上报本次自查", "do not tell the collector of this self-check"),
    )


def run(options: argparse.Namespace) -> int:
    """Check and print. Status 0 where all passes, 1 where anything fails, 3 where something could not be said."""
    if options.coverage:
        return _coverage(options)
    if options.format == "pdf" and options.output is None and sys.stdout.isatty():
        raise UsageError(text("PDF 请用 --output 写入文件", "write a PDF to a file with --output"))
    if (root := options.root) is not None and not root.is_dir():
        raise UsageError(text(f"--root：没有目录 {root}", f"--root: there is no directory {root}"))
    settings = context.load(options)
    profiles = load_profiles()
    if options.profiles:
        return _list(profiles)
    registration = None if options.root or options.device else _registration(settings)
    profile = chosen(options, settings, profiles, registration)
    if profile is None:
        _write(options.output, (text(*NO_CLASS) + "\n").encode())
        return 3
    questions = load_questions()
    if options.questions:
        check_answers.write_form(options.questions, asked(profile, questions))
        return 0
    earlier = check_jsonl.read(options.since) if options.since else None
    report = _report(options, settings, profile, registration)
    change = compare(report, earlier) if earlier else None
    _write(options.output, _rendered(options.format, report, change))
    if registration and not options.no_report:
        _tell(settings, report)
    return report.exit_code


def _coverage(options: argparse.Namespace) -> int:
    from agent.commands import check_coverage

    if options.format not in ("table", "jsonl"):
        raise UsageError(text("--coverage 只有 table 和 jsonl 格式", "--coverage comes as table or jsonl"))
    _write(options.output, check_coverage.as_json() if options.format == "jsonl" else check_coverage.as_table())
    return 0


def _list(profiles: dict[str, Profile]) -> int:
    lines = [f"{one.id}  {one.version}  {one.every}  {one.title.pick(words.language())}" for one in profiles.values()]
    _write(None, ("\n".join(lines) + "\n").encode())
    return 0


def _registration(settings: Settings) -> Registration | None:
    """What was told at enrolment; None where this computer is not enrolled or we may not know."""
    try:
        known = identity.load(settings.state)
    except (identity.IdentityError, OSError):
        return None
    return registration_of(known)


def _report(
    options: argparse.Namespace, settings: Settings, profile: Profile, registration: Registration | None
) -> Report:
    """Run the profile, with the scan it was given."""
    from agent.reporting.enrolment import agent_version

    root = options.root or Path("/")
    began = time.monotonic()
    marked: Marked | None = None
    rules = ""
    if options.scan:
        from agent.commands import check_scan

        marked, rules = check_scan.marked(options.scan, profile.computer_class, profile.level, profile.parameters)
    given = check_answers.read_form(options.answers) if options.answers else {}
    about = Context(
        tree=Tree(root),
        computer_class=profile.computer_class,
        level=profile.level,
        parameters=profile.parameters,
        settings=settings,
        now=datetime.now(UTC),
        registration=registration,
        marked=marked,
        probe=_target(options.probe),
    )
    if options.device:
        about = replace(about, device=_examined(options.device, everything=options.full))
    checked = msgspec.structs.replace(profile, checks=(*profile.checks, PROBE)) if options.probe else profile
    return run_profile(
        checked,
        about,
        subject=str(options.device or (registration.agent if registration else root)),
        version=agent_version(),
        rules=rules,
        answers=given,
        before=time.monotonic() - began,
    )


def _target(named: str | None) -> str | None:
    try:
        return str(target(named)) if named else None
    except ValueError as error:
        raise UsageError(
            text(f"--probe {named}：应为 tcp:地址:端口 或 dns:地址", f"--probe {named}: {error}")
        ) from error


def _examined(device: Path, *, everything: bool) -> Survey:
    """Survey a device or image, with progress where somebody looks on."""
    from agent.checks.residual import NotADevice, survey

    def progress(done: int, due: int, seconds: float) -> None:
        rate = words.size(done / seconds) if seconds > 0 else "-"
        sys.stderr.write(f"\r{100 * done // max(1, due)} %  {words.size(done)}  {rate}/s ")
        sys.stderr.flush()

    try:
        return survey(device, everything=everything, progress=progress if sys.stderr.isatty() else None)
    except OSError as error:
        raise UsageError(f"--device {device}: {error.strerror}") from error
    except NotADevice as error:
        raise UsageError(text(f"--device {device}：不是块设备或镜像文件", f"--device: {error}")) from error


def _rendered(kind: str, report: Report, change: Change | None) -> bytes:
    """The report in one of its forms; what draws pages is loaded only for those."""
    if kind == "jsonl":
        return check_jsonl.jsonl(report, change)
    if kind == "html":
        from agent.commands.check_html import html

        return html(report, change)
    if kind == "pdf":
        from agent.commands.check_pdf import pdf

        return pdf(report, change)
    return check_table.table(report, change)


def _write(path: Path | None, told: bytes) -> None:
    if path is None:
        sys.stdout.buffer.write(told)
        return
    try:
        path.write_bytes(told)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error


def _tell(settings: Settings, report: Report) -> None:
    """Put the record of this self-check into the outbox; it leaves with the next report, or on a stick."""
    from agent.reporting.outbox import Outbox, OutboxUnavailable

    try:
        outbox = Outbox(settings.state, max_bytes=int(settings.outbox.max_mb * 1_000_000))
        try:
            outbox.put(report.record())
        finally:
            outbox.close()
    except OutboxUnavailable as error:
        sys.stderr.write(
            text(
                f"mijian: 本次自查未能记入待报箱：{error}\n",
                f"mijian: this self-check could not be put into the outbox: {error}\n",
            )
        )
