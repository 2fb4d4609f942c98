"""``mijian rules keygen``: a pair of keys for signing rules."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from agent.commands import UsageError
from agent.words import text

WHAT = ("生成签署规则的密钥对", "make a pair of keys for signing rules")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the action."""
    parser.add_argument(
        "file",
        type=Path,
        metavar="FILE",
        help=text("私钥文件 (公钥写入 FILE.pub)", "file of the private key (the public one goes to FILE.pub)"),
    )


def run(options: argparse.Namespace) -> int:
    """Write both files; never over another. Status 0. Raises `UsageError`."""
    from protocol import keys

    key = keys.Ed25519PrivateKey.generate()
    public = keys.public_bytes(key)
    beside = options.file.with_name(options.file.name + ".pub")
    try:
        if beside.exists():
            raise FileExistsError(17, os.strerror(17), str(beside))
        _write(options.file, keys.b64(keys.private_bytes(key)), 0o600)
        _write(beside, keys.b64(public), 0o644)
    except FileExistsError as error:
        raise UsageError(
            text(
                f"{error.filename} 已存在; 密钥绝不覆盖, 请换一个文件名",
                f"{error.filename} is there already; a key is never written over, choose another name",
            )
        ) from error
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}") from error
    sys.stdout.write(
        text(
            f"私钥: {options.file} (只有本用户可读; 请离线保管)\n公钥: {beside} (发给要安装规则的计算机)\n"
            f"密钥编号: {keys.key_id(public)}\n",
            f"private key: {options.file} (readable by you alone; keep it off line)\n"
            f"public key: {beside} (for the computers that install rules)\nkey id: {keys.key_id(public)}\n",
        )
    )
    return 0


def _write(path: Path, words: str, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), mode)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(words + "\n")
        file.flush()
        os.fsync(file.fileno())
