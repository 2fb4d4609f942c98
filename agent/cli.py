"""The command ``mijian``: finds the command that is meant, imports it alone, and turns mistakes into status 2."""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any, NoReturn, cast

from agent import words
from agent.commands import UsageError

COMMANDS = {
    "scan": "scan",
    "check": "check",
    "run": "run",
    "enroll": "enroll",
    "status": "status",
    "media": "media",
    "export": "export",
    "import": "import_",
    "rules": "rules",
}
"""Word on the command line → module in `agent.commands`."""
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO})
"""Why output that was opened could not be written."""


class Parser(argparse.ArgumentParser):
    """An argument parser that speaks the language in force and wants options written out."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("allow_abbrev", False)
        kwargs.setdefault("formatter_class", _Formatter)
        super().__init__(*args, **{**kwargs, "add_help": False})
        self._positionals.title = words.text("参数", "arguments")
        self._optionals.title = words.text("选项", "options")
        self.add_argument(
            "-h",
            "--help",
            action="help",
            default=argparse.SUPPRESS,
            help=words.text("显示本帮助后退出", "show this help"),
        )
        self.add_argument(
            "--lang", choices=("zh", "en"), default=argparse.SUPPRESS, help=words.text("界面语言", "language of texts")
        )

    def error(self, message: str) -> NoReturn:
        """Tell a mistake in the usage on stderr and leave with status 2."""
        self.print_usage(sys.stderr)
        self.exit(2, f"{self.prog}: {words.text('用法错误', 'usage error')}: {_in_words(message)}\n")


class _Formatter(argparse.HelpFormatter):
    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
        super().add_usage(usage, actions, groups, words.text("用法:", "usage:") + " " if prefix is None else prefix)


_MESSAGES = (
    ("the following arguments are required: ", "缺少参数: "),
    ("unrecognized arguments: ", "不认识的参数: "),
    ("expected one argument", "需要一个值"),
    ("expected at least one argument", "至少需要一个值"),
    ("invalid choice: ", "不能是 "),
    ("choose from", "可选"),
    ("invalid int value: ", "不是整数: "),
    ("not allowed with argument", "不能同时使用"),
    ("argument ", "参数 "),
)


def _in_words(message: str) -> str:
    if words.language() == "zh":
        for english, chinese in _MESSAGES:
            message = message.replace(english, chinese)
    return message


def build_parser(wanted: str | None = None) -> argparse.ArgumentParser:
    """The whole parser, or with only the command ``wanted`` in it."""
    parser = Parser(
        prog="mijian",
        description=words.text(
            "密检: 检查计算机和存储介质中的涉密标志及保密违规。",
            "Mijian: finds secrecy markings and breaches of secrecy rules on computers and media.",
        ),
    )
    parser.add_argument("--version", action="store_true", help=words.text("显示版本后退出", "show the version"))
    subparsers = parser.add_subparsers(
        dest="command", metavar="COMMAND", title=words.text("命令", "commands"), parser_class=Parser
    )
    for word, module in COMMANDS.items():
        if wanted is None or word == wanted:
            import_module(f"agent.commands.{module}").add_parser(subparsers)
    return parser


def version() -> str:
    """The version of the program, as packaged."""
    from importlib.metadata import version as packaged

    return packaged("mijian")


def _first_look(arguments: Sequence[str]) -> tuple[str | None, words.Language | None]:
    """The command and the language that are asked for, seen before any parser is built."""
    command = next(
        (a for i, a in enumerate(arguments) if a in COMMANDS and (i == 0 or arguments[i - 1] != "--lang")), None
    )
    chosen = None
    for number, argument in enumerate(arguments):
        if argument == "--lang":
            chosen = next(iter(arguments[number + 1 : number + 2]), None)
        elif argument.startswith("--lang="):
            chosen = argument.partition("=")[2]
    first = next((a for a in arguments if not a.startswith("-") and a != chosen), None)
    return command if command == first else None, cast("words.Language", chosen) if chosen in ("zh", "en") else None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line. Returns the exit status of the command; 2 for a mistake in usage or settings."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    wanted, chosen = _first_look(arguments)
    words.use(chosen)
    if wanted == "scan" and not {"-h", "--help"} & set(arguments):
        _start_ahead()
    parser = build_parser(wanted)
    options = parser.parse_args(arguments)
    if options.version:
        sys.stdout.write(f"mijian {version()}\n")
        return 0
    if options.command is None:
        parser.print_help(sys.stderr)
        return 2
    command = import_module(f"agent.commands.{COMMANDS[options.command]}")
    try:
        return int(command.run(options))
    except BrokenPipeError:
        # The reader of our output (`| head`) has gone: as the shell has it for a program ended by SIGPIPE.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 141
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        # What was to be told could not be written: that must not end like a scan with findings.
        sys.stderr.write(f"mijian: {words.text('无法写入', 'cannot write')}: {error.strerror}\n")
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 2
    except Exception as error:
        if not _is_mistake(error):
            raise
        sys.stderr.write(f"mijian: {words.printable(str(error))}\n")
        return 2


def _start_ahead() -> None:
    """Have a worker loaded while we are: the two take about as long. Where that fails, the scan says why."""
    from agent.scanning.spawn import start_ahead

    with suppress(OSError):
        start_ahead()


def _is_mistake(error: Exception) -> bool:
    """Whether the person who called can put it right: bad usage, or a bad settings or rules file."""
    if isinstance(error, UsageError):
        return True
    from signatures.strict_yaml import FileMistake  # here, because YAML takes longer to load than most commands run

    return isinstance(error, FileMistake)


if __name__ == "__main__":
    sys.exit(main())
