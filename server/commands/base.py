"""What the subcommands share: options, the two languages, output, and a home that is fit for use."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from server import home, keys
from server.newfile import new_file

if TYPE_CHECKING:
    from server.accounts.models import Department
    from server.ledger.models import Computer


class CommandError(Exception):
    """Something the person at the keyboard must put right; ``str()`` says what to do."""


def tell(english: str, chinese: str) -> str:
    """The text in the language of this terminal (``LC_ALL``, ``LC_MESSAGES``, ``LANG``)."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return chinese if value.lower().startswith("zh") else english
    return english


def common_options() -> argparse.ArgumentParser:
    """Options that every subcommand takes."""
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument(
        "--home",
        type=Path,
        metavar="DIR",
        help=tell(
            "the collector's folder (else MIJIAN_HOME, else /var/lib/mijian-server or ~/.local/share/mijian-server)",
            "收集端目录(默认取 MIJIAN_HOME,否则 /var/lib/mijian-server 或 ~/.local/share/mijian-server)",
        ),
    )
    options.add_argument(
        "--database-url",
        metavar="URL",
        help=tell(
            "sqlite:///absolute/path or postgresql://user@host:5432/name (else the home's own file)",
            "sqlite:///绝对路径 或 postgresql://用户@主机:5432/库名(默认用收集端目录内的文件)",
        ),
    )
    options.add_argument("--format", choices=("table", "json"), default="table", help=tell("how to print", "输出格式"))
    return options


def choose_home(options: argparse.Namespace) -> Path:
    """The home these options mean; it and the database are put into the environment for Django and for workers."""
    if options.home is not None:
        os.environ["MIJIAN_HOME"] = str(options.home.expanduser().absolute())
    if options.database_url:
        home.check_database_url(options.database_url)
        os.environ["MIJIAN_DATABASE_URL"] = options.database_url
    os.environ["DJANGO_SETTINGS_MODULE"] = "server.settings"
    os.umask(0o077)
    return home.place()


def open_home(options: argparse.Namespace) -> Path:
    """A home that is initialised and up to date, with Django ready. Raises `CommandError` with what to do."""
    place = choose_home(options)
    if keys.missing_keys(place):
        raise CommandError(
            tell(
                f"{place} is not a collector's home yet: run 'mijian-server init' first (or name another with --home)",
                f"{place} 尚未初始化:请先运行 mijian-server init(或用 --home 指定其他目录)",
            )
        )
    start_django()
    if unapplied_migrations():
        raise CommandError(
            tell(
                f"the database in {place} is of another version: run 'mijian-server init' to bring it up to date",
                f"{place} 中的数据库版本不符:请运行 mijian-server init 更新",
            )
        )
    return place


def refuse_postgresql() -> None:
    """Raise `CommandError` where the data is not in files of the home: a backup of it is PostgreSQL's matter."""
    if home.on_postgresql():
        raise CommandError(
            tell(
                "the database is in PostgreSQL: back it up and restore it with pg_dump and pg_restore, "
                "and keep a copy of the folder 'keys' and of collector.yaml",
                "数据库在 PostgreSQL 中:请用 pg_dump、pg_restore 备份和恢复,并另行保存 keys 目录和 collector.yaml",
            )
        )


def start_django() -> None:
    """Load the apps; what Django itself says is in the terminal's language too."""
    import django
    from django.utils import translation

    django.setup()
    translation.activate(tell("en", "zh-hans"))


def migrate() -> None:
    """Bring the databases up to date. Raises `CommandError` where one is of a version this one knows nothing of."""
    from django.conf import settings
    from django.core.management import call_command
    from django.db import DEFAULT_DB_ALIAS

    unapplied_migrations()
    for alias in sorted(settings.DATABASES, reverse=True):
        apps = () if alias == DEFAULT_DB_ALIAS else (SPOOLING,)
        call_command("migrate", *apps, database=alias, interactive=False, verbosity=0)


def unapplied_migrations() -> bool:
    """Whether a database lacks a step that this version needs.

    Raises `CommandError` where one has been through steps that are not in this version: it is of a later one, or of a
    state before the first release, and the steps there are would break in its middle.
    """
    from django.conf import settings
    from django.db import DEFAULT_DB_ALIAS, connections
    from django.db.migrations.executor import MigrationExecutor

    lacking = False
    for alias in settings.DATABASES:
        executor = MigrationExecutor(connections[alias])
        loader = executor.loader
        unknown = sorted(set(loader.applied_migrations) - set(loader.disk_migrations))
        for step in (f"{app}.{name}" for app, name in unknown if app in loader.migrated_apps):
            raise CommandError(
                tell(
                    f"the database was made by another version, later than this one or before the first release "
                    f"(step {step}): install that version, or set the collector up anew in another --home",
                    f"数据库由其他版本建立,该版本比本版本新,或早于首个正式版(步骤 {step}):"
                    "请安装对应版本,或用 --home 指定其他目录重新建立收集端",
                )
            )
        wanted = loader.graph.leaf_nodes(None if alias == DEFAULT_DB_ALIAS else SPOOLING)
        lacking = lacking or bool(executor.migration_plan(wanted))
    return lacking


def emit(options: argparse.Namespace, content: Mapping[str, Any], lines: Sequence[str]) -> None:
    """Print a result: one JSON object, or the lines for people."""
    if options.format == "json":
        sys.stdout.write(json.dumps(content, ensure_ascii=False, default=str) + "\n")
    else:
        sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


SPOOLING = "intake"
"""The app whose tables lie in the spool's own database."""
_LIFE = re.compile(r"(\d{1,4})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def life(text: str) -> timedelta:
    """A span of time written ``30m``, ``12h`` or ``7d``. Raises `argparse.ArgumentTypeError`."""
    found = _LIFE.fullmatch(text)
    if found is None or not int(found[1]):
        raise argparse.ArgumentTypeError(
            tell(f"{text!r} is no span of time: write 30m, 12h or 7d", f"{text!r} 不是时长:请写成 30m、12h 或 7d")
        )
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def computer_named(text: str) -> Computer:
    """The computer of this id, number in the ledger or name; of several of one name none. Raises `CommandError`."""
    from server.ledger.models import Computer

    try:
        found = list(Computer.objects.filter(pk=uuid.UUID(text)))
    except ValueError:
        found = list(Computer.objects.filter(number=text) or Computer.objects.filter(name=text)[:6])
    if len(found) == 1:
        return found[0]
    if not found:
        raise CommandError(tell(f"no computer has the id, number or name {text}", f"没有编号或名称为 {text} 的计算机"))
    ids = ", ".join(str(one.pk) for one in found)
    raise CommandError(
        tell(f"several computers are called {text}, give the id: {ids}", f"有多台计算机名为 {text},请给出编号:{ids}")
    )


def department_named(path: str) -> Department | None:
    """The department of a path of names; None for an empty one. Raises `CommandError` for one that is not there."""
    from server.accounts.models import Department

    found: Department | None = None
    for name in filter(None, (part.strip() for part in path.split("/"))):
        found = Department.objects.filter(name=name, parent=found).first()
        if found is None:
            raise CommandError(tell(f"there is no department {path}", f"没有部门 {path}"))
    return found


def into_new_file(path: Path, pieces: Iterator[bytes]) -> None:
    """Write a new file of mode 0600 that appears whole or not at all. Raises `CommandError`."""
    if path.exists():
        raise CommandError(tell(f"{path} is there already: name a new file", f"{path} 已存在:请指定新文件"))
    try:
        with new_file(path) as out:
            out.writelines(pieces)
    except OSError as error:
        raise CommandError(tell(f"nothing was written: {error}", f"未写入:{error}")) from error


def who() -> str:
    """The account of the system, for the audit log; nobody signs in here."""
    if told := os.environ.get("SUDO_USER"):
        return told
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError):  # a system without such names, an account without one
        return str(os.getuid()) if hasattr(os, "getuid") else ""
