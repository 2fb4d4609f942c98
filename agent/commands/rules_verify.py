"""``mijian rules verify``: whether a bundle would be taken, and what it says of itself."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from agent.commands import UsageError
from agent.words import text

if TYPE_CHECKING:
    from signatures.bundles import BundleRefused, Header

WHAT = ("核验签署的规则文件", "verify a signed file of rules")

REFUSALS: dict[str, tuple[str, str]] = {
    "too-large": ("文件过大", "it is too large"),
    "not-a-bundle": ("不是签署的规则文件", "it is no signed file of rules"),
    "unknown-format": ("格式不为本版本所知", "its format is not known to this version"),
    "truncated": ("文件不完整", "it is cut short"),
    "malformed": ("内容无法读取", "it cannot be read"),
    "unsigned": ("没有签名", "it is not signed"),
    "wrong-key": ("由未受信任的密钥签署", "it was signed with a key that is not trusted here"),
    "bad-signature": ("签名不符, 已被改动", "its signature does not fit: it was altered"),
    "bomb": ("展开后过大", "it unfolds beyond every bound"),
    "bad-name": ("规则包名称不合规定", "a pack in it has a name that is not allowed"),
    "no-packs": ("没有规则包", "there is no pack in it"),
    "expired": ("已过期", "it has expired"),
    "older": ("比正在使用的版本旧", "it is older than what is in force"),
    "same-version": ("该版本已在使用", "this version is in force already"),
    "bad-rules": ("规则有错误", "its rules have a mistake"),
    "unsafe-rules": ("规则可能拖垮扫描", "its rules could stop the scanner"),
    "damaged": ("正在使用的规则已损坏", "the rules in force are damaged"),
}
"""Why a bundle is refused, for people; keys as in `signatures.bundles.BundleRefused`."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the action."""
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help=text("签署的规则文件", "signed file of rules"))
    parser.add_argument(
        "--trust",
        required=True,
        metavar="PUBKEY",
        help=text("受信任的公钥 (文件或其内容)", "the public key to trust (a file, or what stands in it)"),
    )


def run(options: argparse.Namespace) -> int:
    """Verify and tell. Status 0, or 1 where it is refused. Raises `UsageError`."""
    from agent.commands.rules_keys import public_key
    from signatures.bundles import BundleRefused, check_rules, open_bundle, read_bundle, refuse_expired

    trusted = public_key(options.trust)
    try:
        bundle = open_bundle(read_bundle(options.bundle), trusted)
        refuse_expired(bundle.header, datetime.now(UTC))
        check_rules(bundle)
    except BundleRefused as refused:
        return tell_refusal(options.bundle, refused)
    except OSError as error:
        raise UsageError(f"{options.bundle}: {error.strerror}") from error
    sys.stdout.write(told(bundle.header))
    for name in bundle.packs:
        sys.stdout.write(f"  {name}\n")
    return 0


def told(header: Header) -> str:
    """Version, dates and key of a bundle, one a line."""
    until = header.expires.isoformat() if header.expires else text("无期限", "never")
    return text(
        f"版本 {header.version}\n签署 {header.created.isoformat()}\n到期 {until}\n密钥 {header.key}\n",
        f"version {header.version}\nsigned  {header.created.isoformat()}\nexpires {until}\nkey     {header.key}\n",
    )


def tell_refusal(bundle: Path, refused: BundleRefused) -> int:
    """Say on stderr why a bundle was refused. Returns the status, 1."""
    why = text(*REFUSALS[refused.reason])
    sys.stderr.write(text(f"拒绝 {bundle}: {why} ({refused})\n", f"refused {bundle}: {why} ({refused})\n"))
    return 1
