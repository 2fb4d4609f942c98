"""``mijian run``: the agent in the foreground; what systemd starts. Ends cleanly on SIGTERM and Ctrl-C."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading

from agent import words
from agent.commands import UsageError, context
from agent.reporting.outbox import OutboxUnavailable
from agent.settings import Settings


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser("run", help=words.text("在前台运行客户端", "run the agent in the foreground"))
    context.add_options(parser)


def run(options: argparse.Namespace) -> int:
    """Run until told to end. Status 0; 1 where a part of the agent failed; 2 for what must be put right first."""
    from agent.alone import AlreadyRunning
    from agent.service import Service  # here: it loads everything there is

    settings = context.load(options)
    if settings.language == "auto" and not hasattr(options, "lang"):
        words.use(words.of_system())
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with context.mistakes():
        try:
            service = Service(settings)
        except AlreadyRunning as error:
            raise UsageError(words.text(f"已有客户端在使用状态目录 {settings.state_dir}", str(error))) from error
        except (OutboxUnavailable, OSError) as error:
            return _not_now(settings, error)
        return service.run(stop)


def _not_now(settings: Settings, error: Exception) -> int:
    """The state folder cannot be written. That may pass: status 1, with which the service manager tries again."""
    why = error.strerror if isinstance(error, OSError) else str(error)
    said = words.text(
        f"状态目录 {settings.state_dir} 无法写入：{why}",
        f"the state folder {settings.state_dir} cannot be written: {why}",
    )
    sys.stderr.write(f"mijian: {words.printable(said)}\n")
    return 1
