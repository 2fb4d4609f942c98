"""Names of documents in managed folders: each carries its date (DOC-24). Told as counts, never as names."""

from __future__ import annotations

import re
import stat

from agent.checks.base import Check, Context, Fact, Result, fact, not_applicable, verdict
from agent.checks.tree import TOO_LARGE, Tree, Unreadable
from signatures.controls import Text

_DOCUMENT = re.compile(r"\.(docx?|xlsx?|pptx?|wps|et|dps|ofd|pdf|odt|ods|odp|rtf|txt|uot|uos|uop)$", re.IGNORECASE)
_DATE = re.compile(
    r"(?<!\d)(?:19|20)\d\d(?:(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d{3})"
    r"|[-._](?:0?[1-9]|1[0-2])[-._](?:0?[1-9]|[12]\d|3[01])(?!\d)|年\d{1,2}月\d{1,2}日)"
)
"""``20261120``, ``2026-11-20``, ``2026年11月20日``, also with a time behind it."""
_MOST_FOLDERS = 100_000


def _dated(context: Context) -> Result:
    """Documents in the managed folders whose names carry no date."""
    folders = context.parameters.dated_folders
    if not folders:
        return not_applicable("未设定受管目录（dated_folders）", "no managed folders are listed (dated_folders)")
    wrong: list[Fact] = []
    seen = 0
    for folder in folders:
        documents = _documents(context.tree, folder.strip("/"))
        undated = sum(_DATE.search(name) is None for name in documents)
        seen += len(documents)
        if undated:
            zh, en = f"文件名没有日期的文件数：{folder}", f"documents whose name carries no date: {folder}"
            wrong.append(fact(zh, en, undated, 0))
    return verdict(wrong, [fact("已检查文件数", "documents looked at", seen)])


def _documents(tree: Tree, folder: str) -> list[str]:
    """Names of the documents below a folder; hidden folders and links are left out."""
    pending, found, visited = [folder], [], 0
    while pending:
        here = pending.pop()
        visited += 1
        if visited > _MOST_FOLDERS:
            raise Unreadable(folder, TOO_LARGE)
        for name, mode in tree.kinds(here):
            if stat.S_ISDIR(mode) and not name.startswith("."):
                pending.append(f"{here}/{name}")
            elif stat.S_ISREG(mode) and _DOCUMENT.search(name) and not name.startswith(("~$", ".")):
                found.append(name)
    return found


CHECKS = (
    Check(
        name="dated-names",
        controls=("DOC-24",),
        title=Text(zh="受管文件名带日期", en="Names of managed documents carry their date"),
        remedy=Text(
            zh="在文件名中加上日期，如 20261120；保留历史版本。",
            en="Put the date into the name, such as 20261120, and keep earlier versions.",
        ),
        reads=("the folders named in dated_folders",),
        records=Text(zh="目录和文件数，不含文件名", en="folders and numbers of files, never names of files"),
        look=_dated,
        everywhere=True,
        extent="part",
    ),
)
