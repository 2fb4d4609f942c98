"""What the commands of an enrolled computer share: the options ``--settings`` and ``--state``, and clear mistakes."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agent import settings, words
from agent.commands import UsageError
from agent.reporting.identity import IdentityError, NotEnrolled
from agent.reporting.outbox import OutboxUnavailable
from agent.settings import Settings


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--settings`` and ``--state``."""
    parser.add_argument("--settings", type=Path, metavar="FILE", help=words.text("设置文件", "settings file"))
    parser.add_argument("--state", type=Path, metavar="DIR", help=words.text("状态目录", "state folder"))


def load(options: argparse.Namespace) -> Settings:
    """The settings in force; their language is used unless ``--lang`` was given.

    Raises `UsageError`, `strict_yaml.FileMistake`.
    """
    try:
        loaded = settings.load(options.settings, state=options.state)
    except OSError as error:
        raise UsageError(
            words.text(
                f"设置文件无法读取：{error.filename}：{error.strerror}",
                f"the settings cannot be read: {error.filename}: {error.strerror}",
            )
        ) from error
    if loaded.language != "auto" and not hasattr(options, "lang"):
        words.use(loaded.language)
    return loaded


@contextmanager
def mistakes() -> Iterator[None]:
    """Tell what the person who called can put right as a `UsageError`."""
    try:
        yield
    except NotEnrolled as error:
        raise UsageError(words.text("本机尚未登记：请先运行 mijian enroll 地址 --token 令牌", str(error))) from error
    except (IdentityError, OutboxUnavailable) as error:
        raise UsageError(str(error)) from error
