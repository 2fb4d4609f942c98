"""``mijian-server token``: tokens that computers enrol with, and API keys for programs."""

from __future__ import annotations

import argparse
from typing import Any

from server.commands.base import CommandError, emit, life, open_home, tell
from server.home import LEVELS

CLASSES = ("internet", "internal", "confidential")
SCOPES = ("review", "ledger", "admin")


def add_parser(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Add the subcommand and its own subcommands."""
    parser = subparsers.add_parser("token", help=tell("enrolment tokens and API keys", "注册令牌与接口密钥"))
    kinds = parser.add_subparsers(dest="kind", required=True)
    create = kinds.add_parser("create", parents=[common], help=tell("let one computer enrol", "允许一台计算机注册"))
    create.add_argument("--class", dest="computer_class", choices=CLASSES, required=True)
    create.add_argument("--level", choices=LEVELS, help=tell("of a confidential computer", "涉密计算机的密级"))
    create.add_argument("--expires", type=life, default=life("7d"), help=tell("after 12h, 7d …", "有效期,如 12h、7d"))
    create.add_argument("--note", default="", help=tell("which computer it is meant for", "备注:给哪台计算机"))
    create.set_defaults(run=run_create)
    listing = kinds.add_parser("list", parents=[common], help=tell("enrolment tokens, newest first", "列出注册令牌"))
    listing.set_defaults(run=run_list)
    api = kinds.add_parser("api", parents=[common], help=tell("let a program act for a person", "接口密钥"))
    api.add_argument("--user", required=True)
    api.add_argument("--expires", type=life, help=tell("after 30d … (else never)", "有效期(默认不限)"))
    api.add_argument("--note", default="")
    api.add_argument(
        "--scope",
        action="append",
        default=[],
        choices=SCOPES,
        help=tell("what else than reading it may be used for (again for more)", "除读取外的用途(可重复)"),
    )
    api.set_defaults(run=run_api)
    keys = kinds.add_parser("api-list", parents=[common], help=tell("API keys and their use", "列出接口密钥及使用次数"))
    keys.set_defaults(run=run_api_list)
    revoke = kinds.add_parser("api-revoke", parents=[common], help=tell("revoke an API key", "吊销接口密钥"))
    revoke.add_argument("id", type=int, help=tell("number of the key, from api-list", "密钥编号(见 api-list)"))
    revoke.set_defaults(run=run_api_revoke)


def run_create(options: argparse.Namespace) -> int:
    """Mint an enrolment token and print it, once."""
    place = open_home(options)
    from server.certificate import known_fingerprint
    from server.intake.tokens import TokenError, mint

    try:
        token, text = mint(options.computer_class, level=options.level, life=options.expires, note=options.note)
    except TokenError as error:
        raise CommandError(str(error)) from error
    known = known_fingerprint(place)
    trust = f" --fingerprint {known}" if known else ""
    content = {
        "token": text,
        "fingerprint": known or None,
        "class": token.computer_class,
        "level": token.level or None,
        "expires": token.expires_at.isoformat(),
    }
    until = f"{token.expires_at:%Y-%m-%d %H:%M} UTC"
    lines = [
        text,
        tell(f"shown once; good for one computer until {until}:", f"只显示一次;供一台计算机使用,有效至 {until}:"),
        f"  mijian enroll URL{trust} --token {text}",
    ]
    emit(options, content, lines)
    return 0


def run_list(options: argparse.Namespace) -> int:
    """Print the enrolment tokens; never their text, which is not stored."""
    open_home(options)
    from server.intake.models import EnrolmentToken

    rows = [
        {
            "id": token.pk,
            "class": token.computer_class,
            "level": token.level or None,
            "note": token.note,
            "expires": token.expires_at.isoformat(timespec="seconds"),
            "used": None if token.used_at is None else token.used_at.isoformat(timespec="seconds"),
            "computer": None if token.used_by is None else token.used_by.name,
        }
        for token in EnrolmentToken.objects.select_related("used_by")
    ]
    lines = ["\t".join("-" if value in (None, "") else str(value) for value in row.values()) for row in rows]
    head = tell("id\tclass\tlevel\tnote\texpires\tused\tcomputer", "编号\t类别\t密级\t备注\t有效至\t使用于\t计算机")
    emit(options, {"tokens": rows}, [head, *lines])
    return 0


def run_api(options: argparse.Namespace) -> int:
    """Mint an API key for a person and print it, once."""
    open_home(options)
    from django.utils import timezone

    from server.accounts.api_keys import mint
    from server.accounts.models import User

    user = User.objects.filter(username=options.user).first()
    if user is None:
        raise CommandError(
            tell(f"there is no account {options.user!r}: make it with createuser", f"没有账号 {options.user!r}")
        )
    expires = None if options.expires is None else timezone.now() + options.expires
    key, text = mint(user, scopes=options.scope, note=options.note, expires_at=expires)
    content = {
        "api_key": text,
        "user": user.username,
        "scopes": key.scopes.split(),
        "expires": None if expires is None else expires.isoformat(),
    }
    lines = [text, tell("shown once; send it as: Authorization: Bearer …", "只显示一次;请求头:Authorization: Bearer …")]
    emit(options, content, lines)
    return 0


def run_api_list(options: argparse.Namespace) -> int:
    """Print the API keys; never their text, which is not stored."""
    open_home(options)
    from server.accounts.models import ApiKey

    rows = [
        {
            "id": key.pk,
            "user": key.user.username,
            "scopes": key.scopes,
            "note": key.note,
            "expires": None if key.expires_at is None else key.expires_at.isoformat(timespec="seconds"),
            "revoked": None if key.revoked_at is None else key.revoked_at.isoformat(timespec="seconds"),
            "uses": key.uses,
            "last_used": None if key.last_used_at is None else key.last_used_at.isoformat(timespec="seconds"),
        }
        for key in ApiKey.objects.select_related("user").order_by("-id")
    ]
    lines = ["\t".join("-" if value in (None, "") else str(value) for value in row.values()) for row in rows]
    head = tell(
        "id\tuser\tscopes\tnote\texpires\trevoked\tuses\tlast used",
        "编号\t用户\t用途\t备注\t有效至\t吊销于\t使用次数\t最近使用",
    )
    emit(options, {"keys": rows}, [head, *lines])
    return 0


def run_api_revoke(options: argparse.Namespace) -> int:
    """Let an API key open nothing from now on."""
    open_home(options)
    from server.accounts.api_keys import revoke
    from server.accounts.models import ApiKey

    key = ApiKey.objects.filter(pk=options.id).first()
    if key is None:
        raise CommandError(tell(f"there is no key {options.id}: see api-list", f"没有编号为 {options.id} 的密钥"))
    revoke(key, by=None)
    emit(options, {"revoked": key.pk}, [tell(f"key {key.pk} opens nothing any more", f"密钥 {key.pk} 已吊销")])
    return 0
