"""``mijian-server rules``: signed bundles of rules, taken in and released to computers."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from server.commands.base import CommandError, department_named, emit, open_home, tell, who

if TYPE_CHECKING:
    from server.rules.models import RuleBundle


def add_parser(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "rules",
        help=tell("signed bundles of rules for the computers", "向计算机发布签名规则包"),
        description=tell(
            "Takes in bundles made with 'mijian rules sign', and releases them. Where the duties are separated, the "
            "security officer releases them on the page Rules.",
            "收入用 mijian rules sign 签署的规则包并发布。启用三员分立时,由安全保密管理员在“规则”页面发布。",
        ),
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar=tell("ACTION", "操作"))
    actions.add_parser("list", parents=[common], help=tell("the bundles there are", "列出规则包"))
    add = actions.add_parser("add", parents=[common], help=tell("verify a bundle and keep it", "核验并收入规则包"))
    add.add_argument("file", type=Path, metavar="BUNDLE")
    release = actions.add_parser("release", parents=[common], help=tell("have computers scan by it", "发布"))
    whom = release.add_mutually_exclusive_group(required=True)
    whom.add_argument("--everywhere", action="store_true", help=tell("to all computers", "发布到全部计算机"))
    whom.add_argument(
        "--department",
        action="append",
        default=[],
        metavar="PATH",
        help=tell("to these first: Head office/Finance", "先发布到该部门,例如 总部/财务处"),
    )
    withdraw = actions.add_parser("withdraw", parents=[common], help=tell("give it to no further computer", "撤回"))
    for one in (release, withdraw):
        one.add_argument("bundle_version", type=int, metavar=tell("VERSION", "版本"))
        one.add_argument("--note", default="", help=tell("for the audit log", "记入审计日志"))
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Do what is asked. Status 0; 1 where the collector says no to a bundle."""
    raw = _read(options.file) if options.action == "add" else b""
    open_home(options)
    from server.rules import bundles

    if options.action == "list":
        return _list(options)
    try:
        if options.action == "add":
            row = bundles.take_in(raw, by=None, told_by=who())
            said = tell("verified and kept; release it next", "已核验收入;下一步请发布")
        elif options.action == "release":
            row = _named(options.bundle_version)
            departments = [found for path in options.department if (found := department_named(path))]
            if not options.everywhere and len(departments) != len(options.department):
                raise CommandError(tell("--department needs the path of one", "--department 需要部门路径"))
            bundles.release(row, departments, by=None, note=options.note, told_by=who())
            said = tell("released: computers get it when they ask next", "已发布,计算机下次询问时取得")
        else:
            row = _named(options.bundle_version)
            bundles.withdraw(row, by=None, note=options.note, told_by=who())
            said = tell("withdrawn: computers that have it keep it", "已撤回,已安装的计算机继续使用")
    except bundles.RulesMistake as mistake:
        emit(options, {"version": None, "refused": mistake.reason, "message": str(mistake)}, [str(mistake)])
        return 1
    told = tell(f"rules {row.version}: {said}", f"规则 {row.version}:{said}")
    emit(options, {"version": row.version, "digest": row.digest}, [told])
    return 0


def _list(options: argparse.Namespace) -> int:
    from server.ledger.models import Computer
    from server.rules.models import RuleBundle
    from server.rules.standing import Standing, standings

    standing = standings(Computer.objects.filter(enrolled_at__isnull=False, revoked_at=None))
    rows, lines = [], []
    for row in RuleBundle.objects.defer("raw").prefetch_related("releases__departments"):
        in_force = [given for given in row.releases.all() if given.ended_at is None]
        names = sorted({department.name for given in in_force for department in given.departments.all()})
        everywhere = any(not given.departments.all() for given in in_force)
        have = standing.get(row.version, Standing())
        told = {"version": row.version, "everywhere": everywhere, "departments": names}
        rows.append(told | {"digest": row.digest, "computers_due": have.due, "computers_done": have.done})
        to = tell("all computers", "全部计算机") if everywhere else ", ".join(names) or tell("nobody yet", "未发布")
        lines.append(f"{row.version}  {to}  {have.done}/{have.due}")
    emit(options, {"bundles": rows}, lines or [tell("no bundle was taken in", "尚未收入规则包")])
    return 0


def _read(file: Path) -> bytes:
    from signatures.bundles import BundleRefused, read_bundle

    try:
        return read_bundle(file)
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}") from error
    except BundleRefused as refused:
        raise CommandError(f"{file}: {refused}") from refused


def _named(version: int) -> RuleBundle:
    from server.rules.models import RuleBundle

    found = RuleBundle.objects.filter(version=min(max(version, 0), 2**53)).first()
    if found is None:
        raise CommandError(tell(f"there is no bundle {version} here", f"没有规则包 {version}"))
    return found
