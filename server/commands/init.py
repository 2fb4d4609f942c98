"""``mijian-server init``: makes the collector's home, keys and database, or brings an older database up to date."""

from __future__ import annotations

import argparse
import os
import shlex
from pathlib import Path
from typing import Any

import yaml

from protocol import keys as protocol_keys
from server import home, keys
from server.commands.base import CommandError, choose_home, emit, migrate, start_django, tell


def add_parser(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "init", parents=[common], help=tell("make the home, keys and database", "建立目录、密钥和数据库")
    )
    parser.add_argument("--name", help=tell("what computers call this collector", "收集端名称"))
    parser.add_argument(
        "--level",
        choices=home.LEVELS,
        help=tell("highest level of a computer that may report here", "允许上报的计算机最高密级"),
    )
    parser.add_argument(
        "--allowed-host",
        action="append",
        default=[],
        metavar="NAME",
        help=tell("name people and computers reach it by (again for more)", "访问收集端所用的主机名(可重复)"),
    )
    parser.add_argument(
        "--https", action="store_true", help=tell("pages are reached by https only", "页面只经 https 访问")
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Initialise; doing it again is safe and replaces nothing."""
    place = choose_home(options)
    fresh = _make_keys(place)
    _write_settings(place, options)
    start_django()
    migrate()
    _record(fresh)
    from django.conf import settings

    collector = keys.collector_keys()
    signing = protocol_keys.public_bytes(collector.signing)
    content = {
        "home": str(place),
        "created": fresh,
        "name": settings.MIJIAN_NAME,
        "level": settings.MIJIAN_LEVEL,
        "collector": collector.collector_id,
        "signing_key": protocol_keys.b64(signing),
    }
    named = f" --home {shlex.quote(str(place))}" if options.home else ""
    emit(options, content, _lines(place, content, named))
    return 0


def _make_keys(place: Path) -> bool:
    """Make the home and its keys. Whether they are new."""
    missing = keys.missing_keys(place)
    if not missing:
        return False
    if (place / "keys").exists() or (not home.on_postgresql() and home.database(place).exists()):
        raise CommandError(
            tell(
                f"{place} is a collector's home that lacks keys ({', '.join(missing)}): restore them from a backup. "
                "New keys would shut out every enrolled computer",
                f"{place} 是已有的收集端目录,但缺少密钥({', '.join(missing)}):请从备份恢复。"
                "重新生成密钥会使所有已注册的计算机失效",
            )
        )
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        place.chmod(0o700)
        keys.create(place)
    except OSError as error:
        raise CommandError(
            tell(
                f"{place} cannot be made ({error.strerror}): name a folder you may write to with --home",
                f"无法建立 {place}({error.strerror}):请用 --home 指定可写的目录",
            )
        ) from error
    return True


def _write_settings(place: Path, options: argparse.Namespace) -> None:
    file = place / home.SETTINGS_FILE
    wanted = {
        "name": options.name or "",
        "level": options.level,
        "allowed_hosts": options.allowed_host,
        "https": options.https,
    }
    if file.exists():
        if any(wanted.values()):
            raise CommandError(
                tell(f"the settings are made already: change them in {file}", f"设置已存在:请在 {file} 中修改")
            )
        return
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(_EXPLAINED + yaml.safe_dump(wanted, allow_unicode=True, sort_keys=False))


_EXPLAINED = """\
# Settings of this collector; restart it after a change. / 收集端设置,修改后请重启。
# name           what computers call this collector; empty: the host name / 收集端名称,空则用主机名
# level          highest level of a computer that may report here: 秘密, 机密, 绝密 or null
#                允许上报的计算机最高密级;null 表示只接收无密级的计算机
# allowed_hosts  names and addresses people and computers reach it by, besides localhost / 除 localhost 外的访问地址
# https          true where the pages are reached by https only / 页面是否只经 https 访问
# time_zone      zone of the times on the pages, Asia/Shanghai if left away / 页面时间的时区
#
# Nothing below is set at first, and then the collector contacts nobody. / 以下默认均未设置,收集端不主动联系任何地址。
# address        https://… under which people reach the pages, for links in notices / 通知中链接的访问地址
# outbound       addresses or networks of the house it may contact: [10.1.2.0/24] / 允许联系的内部地址
# smtp           mail server: {host: …, port: 587, security: starttls, sender: …, user: …, password: …} / 邮件服务器
# channels       by name: desk: {kind: mail, to: […]}, soc: {kind: webhook, url: https://…, secret: …},
#                duty: {kind: chat, url: wecombot://… | dingtalk://… | feishu://…} / 通知渠道
# reminders      name of the channel that carries reminders of self-check rounds / 自查提醒所用渠道
# siem           live export: {kind: tls|tcp|udp, host: …, port: 6514} or {kind: webhook, url: …, secret: …} / 实时导出
# watch_folder   folder in which sealed files are taken in as they come / 自动导入密封文件的目录
"""


def _record(fresh: bool) -> None:
    from server import audit

    audit.record("collector.init" if fresh else "collector.migrate")


def _lines(place: Path, content: dict[str, Any], named: str) -> list[str]:
    """What is said of the new home. The next commands can be run as they stand: they name the home where this did."""
    level = content["level"] or tell("none", "无")
    return [
        tell(f"The collector's home is {place}", f"收集端目录:{place}"),
        tell(
            f"name {content['name']}, level {level}, signing key {content['collector']}",
            f"名称 {content['name']},密级 {level},签名公钥 {content['collector']}",
        ),
        tell("What to do next:", "下一步:"),
        f"  mijian-server createuser NAME --role admin{named}",
        f"  mijian-server token create --class internal{named}",
        f"  mijian-server serve --bind 127.0.0.1:8000{named}",
        tell(
            f"Keep a copy of {place / 'keys'} in a safe place: without it, sealed reports stay sealed.",
            f"请妥善备份 {place / 'keys'}:丢失后密封的报告将无法打开。",
        ),
    ]
