"""``mijian scan``: scan paths and print what was found, for people or as JSON lines, with the sum of it all."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from types import FrameType
from typing import TYPE_CHECKING

from agent.commands import UsageError
from agent.commands.scan_output import Jsonl, Judged, Output, Table, Target
from agent.words import text
from protocol.records import Severity

if TYPE_CHECKING:
    from agent.scanning.results import Summary
    from signatures.labels import LabelMeaning
    from signatures.rules import Rule

CLASSES = ("internet", "internal", "confidential")
LEVELS = ("秘密", "机密", "绝密")
FORMATS = ("table", "jsonl", "sarif", "html")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The options of ``mijian scan``."""
    parser = subparsers.add_parser(
        "scan",
        help=text("扫描文件和文件夹", "scan files and folders"),
        description=text(
            "扫描文件和文件夹中的涉密标志。退出状态: 0 全部检查且无发现; 1 有发现; 2 用法或配置错误; "
            "3 无发现但有文件未能检查。",
            "Scan files and folders for secrecy markings. Exit status: 0 all examined and clean; 1 findings; "
            "2 usage or configuration error; 3 no finding, but something was not examined.",
        ),
    )
    parser.add_argument(
        "paths", nargs="+", metavar="PATH", help=text("要扫描的文件或文件夹", "files or folders to scan")
    )
    _add_output(parser)
    _add_judging(parser)
    _add_reading(parser)
    parser.add_argument(
        "--by-agent",
        action="store_true",
        help=text(
            "由运行中的客户端优先检查并上报 (按其设置和策略)",
            "have the running agent scan them first of all, by its settings and policy, and report what it finds",
        ),
    )
    parser.set_defaults(settings=None, state=None)  # of the agent that is asked: those of this computer


def _add_output(parser: argparse.ArgumentParser) -> None:
    """What is printed, and where to."""
    add = parser.add_argument
    add(
        "--format",
        choices=FORMATS,
        default="table",
        help=text(
            "输出格式: table 供人阅读, jsonl 供程序, sarif 供安全平台, html 为可打印的报告",
            "output: table for people, jsonl for programs, sarif for security platforms, html a report to print",
        ),
    )
    add("--output", type=Path, metavar="FILE", help=text("写入文件而不是标准输出", "write to a file"))
    add("--all", action="store_true", help=text("也列出无发现的文件", "also list the files that are clean"))
    add(
        "--min-confidence",
        type=_confidence,
        default=45,
        metavar="N",
        help=text("最低置信度 0–100 (默认 45)", "least confidence, 0–100 (default 45)"),
    )
    add(
        "--explain",
        action="store_true",
        help=text(
            "说明每个文件读了哪些区域、用时多少、哪里被截断、有哪些限额",
            "say of each file what was read from which zone, how long it took, what was cut, and the limits in force",
        ),
    )


def _add_judging(parser: argparse.ArgumentParser) -> None:
    """What is looked for, and by what it is judged."""
    add = parser.add_argument
    add(
        "--class",
        dest="computer_class",
        choices=CLASSES,
        help=text("本计算机的类别: 据此判定违规", "class of this computer: findings are judged by it"),
    )
    add("--level", choices=LEVELS, help=text("涉密计算机的最高密级", "highest level a confidential computer may hold"))
    add("--rules", type=Path, metavar="DIR", help=text("规则包目录", "directory of rule packs"))
    add(
        "--keywords",
        type=Path,
        metavar="FILE",
        help=text("关键词表 (yaml、csv 或每行一词)", "list of keywords (yaml, csv, or one a line)"),
    )
    add(
        "--labels",
        type=Path,
        metavar="FILE",
        help=text("敏感度标签对照表 (yaml)", "table of what sensitivity labels mean (yaml)"),
    )
    add(
        "--family",
        dest="families",
        action="append",
        default=[],
        metavar="NAME",
        help=text("另外启用的规则包, 可重复: de fr ca au jp tw", "also use this pack of rules: de fr ca au jp tw"),
    )


def _add_reading(parser: argparse.ArgumentParser) -> None:
    """What is read, and how."""
    add = parser.add_argument
    add("--no-cache", action="store_true", help=text("全部重新检查", "examine everything anew"))
    add("--workers", type=_count, default=0, metavar="N", help=text("并行进程数", "processes (default: processors)"))
    add("--no-ocr", action="store_true", help=text("不识别图片中的文字", "do not read text in pictures"))
    add(
        "--ocr-seconds",
        type=_seconds,
        default=600.0,
        metavar="N",
        help=text(
            "本次扫描识别图片最多用时, 秒 (默认 600; 0 不限)",
            "seconds to spend on pictures in this scan (default 600; 0: no limit)",
        ),
    )
    add(
        "--cross-file-systems",
        action="store_true",
        help=text("进入其他文件系统(挂载点)", "enter other file systems (mount points)"),
    )


def _count(word: str) -> int:
    if not word.isdigit() or not 1 <= int(word) <= 256:
        raise argparse.ArgumentTypeError(text(f"{word!r} 不是 1 到 256 的整数", f"{word!r} is no number from 1 to 256"))
    return int(word)


def _seconds(word: str) -> float:
    if not word.isdigit() or int(word) > 1_000_000:
        raise argparse.ArgumentTypeError(text(f"{word!r} 不是秒数 (0 或更多)", f"{word!r} is no number of seconds"))
    return float(word)


def _confidence(word: str) -> int:
    if not word.isdigit() or int(word) > 100:
        raise argparse.ArgumentTypeError(text(f"{word!r} 不是 0 到 100 的整数", f"{word!r} is no number from 0 to 100"))
    return int(word)


def run(options: argparse.Namespace) -> int:
    """Scan, print, and return the exit status of the contract."""
    if options.by_agent:
        from agent.commands import scan_by_agent

        return scan_by_agent.run(options)
    _refuse_what_is_not_there(options)
    try:
        target = Target(options.output)
    except OSError as error:
        where = text("标准输出", "standard output") if options.output is None else f"--output {options.output}"
        raise UsageError(f"{where}: {error.strerror}") from error
    try:
        status = _scan(options, _output(options, target), target)
        target.close()
    except BaseException:
        target.abandon()
        raise
    return status


def _output(options: argparse.Namespace, target: Target) -> Output:
    """What prints in the format that was asked for."""
    judged = _judged(options)
    if options.format in ("table", "jsonl"):
        plain = Jsonl if options.format == "jsonl" else Table
        return plain(target, everything=options.all, judged=judged)
    # Loaded here: these two tell the rules by their titles.
    from agent.commands.scan_html import Html
    from agent.commands.scan_sarif import Sarif

    kind = Html if options.format == "html" else Sarif
    return kind(target, everything=options.all, judged=judged, rules=_rules(options))


def _rules(options: argparse.Namespace) -> dict[str, Rule]:
    """The rules by their ids. Raises `UsageError` where they cannot be read."""
    from agent.scanning.kept_rules import rules_of
    from signatures.strict_yaml import FileMistake

    try:
        return {rule.id: rule for rule in rules_of(options.rules, cache_folder()).rules}
    except FileMistake as error:
        raise UsageError(str(error)) from error
    except OSError as error:
        raise UsageError(f"{error.filename or options.rules}: {error.strerror}") from error


def _refuse_what_is_not_there(options: argparse.Namespace) -> None:
    if options.keywords is not None:
        _warn_of_keywords(options.keywords)
    if options.level is not None and options.computer_class != "confidential":
        raise UsageError(
            text("--level 只用于 --class confidential", "--level goes with --class confidential, and with that alone")
        )
    if options.rules is not None and not options.rules.is_dir():
        raise UsageError(text(f"--rules: 没有目录 {options.rules}", f"--rules: there is no directory {options.rules}"))
    if options.rules is not None:
        _refuse_unsafe_rules(options.rules)


def _warn_of_keywords(file: Path) -> None:
    """Say what is doubtful in a list before the scan. Raises `UsageError` where it cannot be read."""
    from signatures.keywords import read

    try:
        warnings = read(file).warnings
    except OSError as error:
        raise UsageError(f"--keywords {file}: {error.strerror}") from error
    sys.stderr.write("".join(f"mijian: {warning}\n" for warning in warnings))


def _labels(file: Path | None) -> tuple[LabelMeaning, ...]:
    """The table of labels. Raises `UsageError` where it cannot be read or has a mistake."""
    if file is None:
        return ()
    from signatures.labels import read_labels
    from signatures.strict_yaml import FileMistake

    try:
        return read_labels(file)
    except OSError as error:
        raise UsageError(f"--labels {file}: {error.strerror}") from error
    except FileMistake as mistake:
        raise UsageError(f"--labels {mistake}") from mistake


def _refuse_unsafe_rules(folder: Path) -> None:
    """A pattern that can run for ever would cost every file it meets its whole time."""
    from signatures.lints import unsafe_in

    for fault in unsafe_in(folder):
        wrong, mend = (text(said.zh, said.en) for said in (fault.wrong, fault.mend))
        raise UsageError(f"{fault.file}:{fault.line}: {fault.rule}: {wrong} {mend}")


def _judged(options: argparse.Namespace) -> Judged | None:
    """How findings are judged where the class of the computer was given: by the control that each breaks there."""
    if options.computer_class is None:
        return None
    from agent.judging.judge import Context, Judge
    from protocol.records import ComputerClass, Finding

    judge = Judge()
    context = Context(ComputerClass(options.computer_class), options.level, b"", b"")

    def judged(finding: Finding) -> tuple[str, str | None]:
        control, severity = judge.broken(finding, context) or (None, Severity.INFO)
        return severity, control

    return judged


def _scan(options: argparse.Namespace, output: Output, target: Target) -> int:
    # Loaded here, so that help and usage errors do not wait for it.
    from agent.commands.scan_progress import Watch
    from agent.scanning.cage import CageBroken, RulesMistake
    from agent.scanning.pipeline import Scanner, ScanOptions
    from agent.scanning.walk import MissingPath

    folder = cache_folder()
    wanted = ScanOptions(
        rules=options.rules,
        keywords=options.keywords,
        enable=tuple(sorted(set(options.families))),
        labels=_labels(options.labels),
        least=options.min_confidence,
        workers=options.workers,
        cross_file_systems=options.cross_file_systems,
        ledger=None if options.no_cache or folder is None else folder / "ledger.sqlite",
        cache=folder,
        skip=target.identity,
        tell_clean=options.all,
        tell_new_clean=options.all,
        digests=False,
        pictures=not options.no_ocr,
        pictures_seconds=options.ocr_seconds,
    )
    scanner = Scanner(wanted)
    # Lines that appear on the terminal while the bar is drawn there would tear both apart.
    apart = options.format != "jsonl" or options.output is not None or not sys.stdout.isatty()
    try:
        if options.explain:
            from agent.commands.scan_explain import explain

            return explain(wanted, options.paths, as_json=options.format == "jsonl", target=target)
        with _until_interrupted() as stop, Watch(options.paths, options.cross_file_systems, shown=apart) as watch:
            summary = scanner.run(options.paths, output.result, watch.progress, stop)
    except MissingPath as error:
        what = text("没有这个文件或文件夹", "there is no such file or folder") if error.missing else str(error)
        raise UsageError(f"{error.path}: {what}" if error.missing else what) from error
    except RulesMistake as error:
        raise UsageError(str(error)) from error
    except CageBroken as error:
        raise UsageError(text(f"无法启动扫描进程: {error}", f"the scan cannot work here: {error}")) from error
    output.summary(summary)
    _tell_not_entered(scanner.other_file_systems)
    tell_unseen(summary, wanted=not options.no_ocr)
    return 3 if not summary.complete and summary.exit_code == 0 else summary.exit_code


def tell_unseen(summary: Summary, *, wanted: bool) -> None:
    """Say why pictures were not read, where that can be mended."""
    from agent.scanning.ocr import available

    if wanted and summary.reasons["unsupported"] and not available.installed():
        sys.stderr.write(
            text(
                "未安装图片文字识别 (pip install 'mijian[ocr]'): 图片和扫描页未检查\n",
                "OCR is not installed (pip install 'mijian[ocr]'): pictures and scanned pages were not examined\n",
            )
        )


def _tell_not_entered(mounts: list[str]) -> None:
    if mounts:
        from agent.scanning.walk import shown
        from agent.words import printable

        some = ", ".join(printable(shown(mount)) for mount in mounts[:5]) + (" …" if len(mounts) > 5 else "")
        sys.stderr.write(
            text(
                f"未进入 {len(mounts)} 个其他文件系统 (--cross-file-systems 可进入): {some}\n",
                f"not entered, other file systems: {len(mounts)} (--cross-file-systems enters them): {some}\n",
            )
        )


def cache_folder() -> Path | None:
    """Where this person's ledger and compiled rules lie; None where no such folder can be had."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    try:
        folder = (Path(named) if named.startswith("/") else Path.home() / ".cache") / "mijian"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except (OSError, RuntimeError):
        return None
    return folder


@contextmanager
def _until_interrupted() -> Iterator[Event]:
    """An event that the first Ctrl-C or SIGTERM sets; a second one ends the program as ever."""
    stop = Event()

    def interrupted(number: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(number, previous[signal.Signals(number)])

    previous = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in previous:
        signal.signal(number, interrupted)
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
