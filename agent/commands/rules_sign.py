"""``mijian rules sign``: packs of rules made one signed file, for computers that trust the key."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from agent.commands import UsageError, rules_options
from agent.words import language, text

WHAT = ("把规则包签署成一个文件", "make one signed file of packs of rules")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the action."""
    add = parser.add_argument
    add("directory", type=Path, metavar="DIR", help=text("规则包目录", "directory of rule packs"))
    add("--key", type=Path, required=True, metavar="FILE", help=text("私钥文件", "file of the private key"))
    add("--out", type=Path, required=True, metavar="BUNDLE", help=text("写入的文件", "file to write"))
    add(
        "--version",
        dest="bundle_version",
        type=int,
        metavar="N",
        help=text("版本号, 须大于以前的 (默认: 当前时间)", "version, higher than any before (default: the time now)"),
    )
    add(
        "--expires",
        type=_day,
        metavar="DATE",
        help=text("到这一天为止可以安装 (YYYY-MM-DD)", "last day on which it may be installed (YYYY-MM-DD)"),
    )
    add(
        "--with-shipped",
        action="store_true",
        help=text("加入本程序自带而目录中没有的规则包", "add the packs we ship that the directory does not have"),
    )


def _day(word: str) -> datetime:
    try:
        day = date.fromisoformat(word)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            text(f"{word!r} 不是日期 (YYYY-MM-DD)", f"{word!r} is no date (YYYY-MM-DD)")
        ) from error
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)


def run(options: argparse.Namespace) -> int:
    """Lint, sign, write. Status 0; 1 where the linter refuses the rules. Raises `UsageError` and `FileMistake`."""
    from agent.commands.rules_keys import private_key
    from signatures.bundles import BundleRefused, build
    from signatures.rules import PACKS

    rules_options.must_exist([options.directory])
    key = private_key(options.key)
    now = datetime.now(UTC)
    packs = _packs(options.directory)
    shipped = _packs(PACKS)
    missing = sorted(shipped.keys() - packs.keys())
    if options.with_shipped:
        packs = {**shipped, **packs}
    if _refused(packs):
        return 1
    version = options.bundle_version if options.bundle_version is not None else int(now.strftime("%Y%m%d%H%M%S"))
    try:
        raw = build(packs, key, version=version, created=now, expires=options.expires)
    except (BundleRefused, ValueError) as error:
        raise UsageError(str(error)) from error
    _write(options.out, raw)
    sys.stdout.write(
        text(
            f"已签署 {len(packs)} 个规则包, 版本 {version}: {options.out}\n",
            f"signed {len(packs)} packs as version {version}: {options.out}\n",
        )
    )
    if missing and not options.with_shipped:
        listed = ", ".join(missing)
        sys.stderr.write(
            text(
                f"注意: 安装后下列自带规则包不再有效: {listed} (--with-shipped 可一并签入)\n",
                f"note: once installed, these packs we ship end being in force: {listed} (--with-shipped adds them)\n",
            )
        )
    return 0


def _packs(directory: Path) -> dict[str, bytes]:
    try:
        return {file.name: file.read_bytes() for file in sorted(directory.glob("*.yaml"))}
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}") from error


def _refused(packs: dict[str, bytes]) -> bool:
    """Whether the linter finds an error; each is told on stderr."""
    from signatures.lints import Fault, Weight, lint_sources, read_source

    read = [read_source(name, data) for name, data in packs.items()]
    faults = [one for one in read if isinstance(one, Fault)]
    faults += lint_sources(one for one in read if not isinstance(one, Fault))
    errors = [fault for fault in faults if fault.weight is Weight.ERROR]
    for fault in errors:
        wrong = getattr(fault.wrong, language())
        sys.stderr.write(f"{fault.file}:{fault.line}: {fault.rule or ''} {wrong} [{fault.lint}]\n")
    if errors:
        sys.stderr.write(
            text(
                "未签署: 请先改正 (mijian rules lint 说明如何改正)\n",
                "not signed: mend these first (`mijian rules lint` tells how)\n",
            )
        )
    return bool(errors)


def _write(path: Path, raw: bytes) -> None:
    """Whole or not at all."""
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(raw)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(0o644)
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise UsageError(f"--out {path}: {error.strerror}") from error
