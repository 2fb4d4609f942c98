"""``mijian rules install``: a signed file of rules put in force on this computer."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime

from agent.commands import UsageError, context, rules_verify
from agent.reporting.rules_fetch import FOLDER
from agent.words import text

WHAT = ("安装签署的规则文件", "put a signed file of rules in force")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the action: those of verify, and which state folder."""
    rules_verify.add_options(parser)
    context.add_options(parser)


def run(options: argparse.Namespace) -> int:
    """Install and tell. Status 0; 1 where it is refused, and what was in force stays. Raises `UsageError`."""
    from agent.commands.rules_keys import public_key
    from signatures.bundles import BundleRefused, install

    directory = context.load(options).state / FOLDER
    trusted = public_key(options.trust)
    try:
        done = install(options.bundle, directory, trusted, now=datetime.now(UTC))
    except BundleRefused as refused:
        status = rules_verify.tell_refusal(options.bundle, refused)
        sys.stderr.write(text("原有规则仍然有效。\n", "What was in force before still is.\n"))
        return status
    except OSError as error:
        raise UsageError(f"{error.filename or options.bundle}: {error.strerror}") from error
    sys.stdout.write(text("已生效:\n", "in force:\n") + rules_verify.told(done.header))
    return 0
