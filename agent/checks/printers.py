"""Printers: which there are, and how much was printed as counts (CPC-07, DOC-09, DOC-10)."""

from __future__ import annotations

import re

from agent.checks import system
from agent.checks.base import CONFIDENTIAL, Check, Context, Fact, Result, fact, manual, not_applicable, verdict
from agent.checks.windows import sharing as windows
from signatures.controls import Text

LOCAL = ("usb", "parallel", "serial", "hp", "hpfax", "cups-pdf", "file", "/dev")
_QUEUE = re.compile(r"<(?:Default)?Printer ([^>]+)>(.*?)</(?:Default)?Printer>", re.DOTALL)


def _printers(context: Context) -> Result:
    """Queues over a network, queues that are shared, queues that were not approved."""
    tree = context.tree
    text = tree.read("etc/cups/printers.conf")
    if text is None:
        return not_applicable("没有打印队列", "there is no print queue")
    allowed = set(context.parameters.printers_allowed)
    wrong: list[Fact] = []
    right: list[Fact] = []
    for name, body in _QUEUE.findall(text):
        uri = re.search(r"^DeviceURI (\S+)", body, re.MULTILINE)
        scheme = (uri[1] if uri else "").partition(":")[0].lower()
        one = fact(f"打印队列：{name}", f"print queue: {name}", scheme, ", ".join(sorted(allowed)) or "usb")
        local = context.computer_class not in CONFIDENTIAL or scheme in LOCAL
        good = name in allowed if allowed else local
        (right if good else wrong).append(one)
        if re.search(r"^Shared Yes", body, re.MULTILINE | re.IGNORECASE) and _cups_is_open(context):
            wrong.append(fact(f"共享的打印队列：{name}", f"print queue shared on the network: {name}", "shared", "no"))
    return verdict(wrong, right)


def _cups_is_open(context: Context) -> bool:
    """Whether CUPS listens to others than this computer."""
    for line in context.tree.lines("etc/cups/cupsd.conf"):
        match = re.match(r"(?:Listen|Port)\s+(\S+)", line, re.IGNORECASE)
        if match and not match[1].startswith(("localhost", "127.", "/", "[::1]")):
            return True
    return False


def _jobs(context: Context) -> Result:
    """Jobs and pages that were printed, to be held against the register of prints."""
    tree = context.tree
    jobs, pages = 0, 0
    logs = tree.glob("var/log/cups/page_log*")
    for path in logs:
        if path.endswith((".gz", ".xz", ".bz2", ".zst")):
            continue
        for line in tree.tail(path, 8 * 1024 * 1024):
            total = re.search(r"\] total (\d+) ", line)
            if total:
                jobs, pages = jobs + 1, pages + int(total[1])
            elif re.search(r"\] \d+ \d+ ", line):
                pages += 1
    spooled = sum(name[0] in "cd" and name[1:6].isdigit() for name in tree.names("var/spool/cups"))
    seen = (
        fact("打印作业数", "print jobs", jobs),
        fact("打印页数", "pages printed", pages),
        fact("滞留在打印队列中的作业文件", "files of jobs kept in the spool", spooled, 0),
    )
    if not logs and not spooled:
        if system.program(tree, "cupsd") is None:
            return not_applicable("没有打印服务", "there is no print service")
        return manual(
            "打印日志未开启：请核对打印登记",
            "printing is not logged: hold the register of prints against what was printed",
            *seen,
        )
    if spooled and context.computer_class in CONFIDENTIAL:
        return verdict([seen[2]], list(seen[:2]))
    return manual("请与打印登记核对", "hold these counts against the register of prints", *seen)


CHECKS = (
    Check(
        name="printers",
        controls=("DOC-09",),
        title=Text(zh="只使用指定的打印机", en="Only designated printers are used"),
        remedy=Text(
            zh="删除网络打印机和未经批准的队列，关闭打印共享；批准的队列登记入 printers_allowed。",
            en="Remove network printers and queues that were not approved; name approved ones in printers_allowed.",
        ),
        reads=("etc/cups/printers.conf", "etc/cups/cupsd.conf"),
        records=Text(zh="队列名、连接方式", en="names of queues and how they are connected"),
        look=_printers,
        windows=windows.printers,
    ),
    Check(
        name="print-jobs",
        controls=("CPC-07", "DOC-10"),
        title=Text(zh="打印数量与登记核对", en="What was printed agrees with the register"),
        remedy=Text(
            zh="按打印登记逐项核对，销毁残页、次页，清除打印队列中滞留的作业。",
            en="Go through the register of prints, destroy spoiled pages and clear jobs kept in the spool.",
        ),
        reads=("var/log/cups/page_log*", "var/spool/cups"),
        records=Text(zh="作业数和页数，不含文件名", en="numbers of jobs and pages, no names of files"),
        look=_jobs,
        extent="part",
    ),
)
