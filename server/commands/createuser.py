"""``mijian-server createuser``: makes an account; a password that is not given is made and printed once."""

from __future__ import annotations

import argparse
import secrets
import sys
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from server.commands.base import CommandError, emit, open_home, tell

ROLES = ("officer", "department", "it", "admin", "auditor", "inspector", "viewer")
MAX_PASSWORD = 1024


def add_parser(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("createuser", parents=[common], help=tell("make an account", "建立账号"))
    parser.add_argument("name", metavar=tell("NAME", "名称"))
    parser.add_argument("--role", choices=ROLES, required=True, help=tell("what the person may do", "角色"))
    parser.add_argument("--language", choices=("zh-hans", "en"), default="zh-hans", help=tell("of the pages", "语言"))
    parser.add_argument(
        "--department",
        metavar="PATH",
        help=tell("what the person sees: Head office/Finance, made where missing", "可见范围:总部/财务处,不存在则建立"),
    )
    parser.add_argument("--until", type=date.fromisoformat, metavar="YYYY-MM-DD", help=tell("last day", "最后一天"))
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--password-file", type=Path, metavar="FILE", help=tell("its first line", "取文件首行"))
    source.add_argument("--password-stdin", action="store_true", help=tell("read a line", "从标准输入读一行"))
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Make the account."""
    given = _given(options)
    open_home(options)
    from django.core.exceptions import ValidationError
    from django.db import transaction
    from django.utils.timezone import make_aware

    from server import audit
    from server.accounts.models import User

    password = given or secrets.token_urlsafe(15)
    user = User(username=options.name, role=options.role, language=options.language)
    user.valid_until = None if options.until is None else make_aware(datetime.combine(options.until, time(23, 59, 59)))
    user.set_password(password)
    try:
        with transaction.atomic():
            user.department = _department(options.department)
            _check_role(user)
            user.full_clean()
            _check(password, user)
            user.save()
            department = None if user.department is None else user.department.pk
            audit.record("user.create", obj=user, username=user.username, role=options.role, department=department)
    except ValidationError as error:
        raise CommandError(
            tell(f"{options.name}: {' '.join(error.messages)}", f"{options.name}:{' '.join(error.messages)}")
        ) from error
    content: dict[str, Any] = {"user": user.username, "role": user.role}
    lines = [tell(f"made the account {user.username} ({user.role})", f"已建立账号 {user.username}({user.role})")]
    if not given:
        content["password"] = password
        lines.append(tell(f"password (shown once): {password}", f"密码(只显示一次):{password}"))
    emit(options, content, lines)
    return 0


def _given(options: argparse.Namespace) -> str:
    """The password from a file or from standard input; empty where one is to be made."""
    try:
        if options.password_file is not None:
            with options.password_file.open(encoding="utf-8") as file:
                line = file.readline(MAX_PASSWORD)
        elif options.password_stdin:
            line = sys.stdin.readline(MAX_PASSWORD)
        else:
            return ""
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(tell(f"the password cannot be read: {error}", f"无法读取密码:{error}")) from error
    password = str(line).rstrip("\r\n")
    if not password:
        raise CommandError(tell("the password is empty", "密码为空"))
    return password


def _department(path: str | None) -> Any:
    """The department of a path of names, made where it is missing; None without a path."""
    from server.accounts import departments
    from server.accounts.models import Department

    found = None
    for name in filter(None, (part.strip() for part in (path or "").split("/"))):
        known = Department.objects.filter(name=name, parent=found).first()
        try:
            found = known or departments.add(name, parent=found, by=None)
        except departments.DepartmentError as error:
            raise CommandError(str(error)) from error
    return found


def _check_role(user: Any) -> None:
    if user.role == "department" and user.department is None:
        raise CommandError(tell("a department officer needs --department", "部门保密员须用 --department 指定部门"))
    if user.role == "inspector" and user.valid_until is None:
        raise CommandError(
            tell("an inspector's account needs an end: --until", "检查人员账号须用 --until 指定最后一天")
        )


def _check(password: str, user: Any) -> None:
    from django.contrib.auth.password_validation import validate_password

    validate_password(password, user)
