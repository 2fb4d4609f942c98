"""``mijian enroll URL --token T``: enrol this computer with a collector, once."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import msgspec

from agent import words
from agent.commands import UsageError, context
from agent.reporting import enrolment, pinning, web


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "enroll", help=words.text("向采集端登记本机", "enrol this computer with a collector")
    )
    parser.add_argument("url", metavar="URL", help=words.text("采集端地址", "address of the collector"))
    how = parser.add_mutually_exclusive_group(required=True)
    how.add_argument("--token", help=words.text("一次性令牌", "one-time token"))
    how.add_argument(
        "--token-file",
        metavar="FILE",
        help=words.text("从文件读取令牌，- 为标准输入", "read the token from a file, - for standard input"),
    )
    parser.add_argument("--ca-file", metavar="FILE", help=words.text("签发机构证书", "certificate of the authority"))
    parser.add_argument(
        "--fingerprint",
        metavar="SHA256",
        help=words.text("采集端自有证书的指纹", "fingerprint of the collector's own certificate"),
    )
    parser.add_argument(
        "--insecure-http",
        action="store_true",
        help=words.text("允许不加密的 http:// (仅供试用)", "allow unencrypted http:// (for trials only)"),
    )
    context.add_options(parser)


def run(options: argparse.Namespace) -> int:
    """Enrol. Status 0, or 2 with what is wrong; then nothing was stored."""
    settings = context.load(options)
    if options.insecure_http:
        sys.stderr.write(
            words.text(
                "警告：http:// 不加密，令牌可被窃听。", "warning: http:// is not encrypted; the token can be overheard."
            )
            + "\n"
        )
    collector = settings.collector
    if options.ca_file:
        collector = msgspec.structs.replace(collector, ca_file=str(Path(options.ca_file).absolute()))
    with context.mistakes():
        try:
            if options.fingerprint:
                pinned = pinning.pin(settings.state, options.url, options.fingerprint)
                collector = msgspec.structs.replace(collector, ca_file=str(pinned.absolute()))
            mine = enrolment.enrol(
                settings.state,
                options.url,
                _token(options),
                settings=collector,
                insecure_http=options.insecure_http,
            )
        except enrolment.EnrolmentRefused as error:
            raise UsageError(error.say(words.language())) from error
        except (enrolment.EnrolmentFailed, pinning.NotTheOne, web.BadAddress) as error:
            raise UsageError(str(error)) from error
        except OSError as error:
            raise UsageError(f"{settings.state}: {error.strerror}") from error
    level = f" {mine.level}" if mine.level else ""
    sys.stdout.write(
        words.text(
            f"已登记：{mine.agent}\n类别：{mine.computer_class}{level}\n采集端：{mine.collector_name} ({mine.url})\n",
            f"enrolled: {mine.agent}\nclass: {mine.computer_class}{level}\n"
            f"collector: {mine.collector_name} ({mine.url})\n",
        )
    )
    return 0


def _token(options: argparse.Namespace) -> str:
    """The token as given; a file keeps it out of the list of processes."""
    if options.token is not None:
        return str(options.token)
    if options.token_file == "-":
        return sys.stdin.readline().strip()
    try:
        return Path(options.token_file).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            words.text(f"令牌文件无法读取：{options.token_file}", f"the token cannot be read from {options.token_file}")
        ) from error
