"""``mijian run``: the agent in the foreground; what systemd starts. Ends cleanly on SIGTERM and Ctrl-C."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading

from agent import words
from agent.commands import UsageError, context


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser("run", help=words.text("在前台运行客户端", "run the agent in the foreground"))
    context.add_options(parser)


def run(options: argparse.Namespace) -> int:
    """Run until told to end. Status 0; 1 where a part of the agent failed; 2 for what must be put right first."""
    from agent.service import AlreadyRunning, Service  # here: it loads everything there is

    settings = context.load(options)
    if settings.language == "auto" and not hasattr(options, "lang"):
        words.use(words.of_system())
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with context.mistakes():
        try:
            return Service(settings).run(stop)
        except AlreadyRunning as error:
            raise UsageError(words.text(f"已有客户端在使用状态目录 {settings.state_dir}", str(error))) from error
