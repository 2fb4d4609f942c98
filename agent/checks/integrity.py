"""The agent itself: are its files as packaged, its state private, its service on (SEC-13)."""

from __future__ import annotations

import base64
import hashlib
import stat
from importlib import metadata

from agent.checks import system
from agent.checks.base import Check, Context, Fact, Result, fact, manual, not_applicable, verdict
from signatures.controls import Text

PACKAGE = "mijian"
MOST_FILES = 5000


def _files(_context: Context) -> Result:
    """Files of the program whose bytes are not those of the package."""
    try:
        files = metadata.files(PACKAGE) or []
    except metadata.PackageNotFoundError:
        files = []
    hashed = [one for one in files if one.hash is not None and one.suffix in {".py", ".yaml", ".txt", ".json"}]
    own = [one for one in hashed if one.parts[0] in {"agent", "protocol", "signatures"}]
    if not own:
        return manual(
            "以开发方式安装，无包清单可比对", "installed for development: there is no list of files to compare with"
        )
    wrong = []
    for one in own[:MOST_FILES]:
        path = one.locate()
        try:
            with open(path, "rb") as stream:  # noqa: PTH123 (a SimplePath of importlib, not a Path)
                digest = hashlib.new(one.hash.mode if one.hash else "sha256", stream.read()).digest()
        except OSError:
            wrong.append(fact("程序文件缺失", "file of the program is missing", str(one)))
            continue
        if one.hash and base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != one.hash.value:
            wrong.append(fact("程序文件被改动", "file of the program was altered", str(one)))
    return verdict(wrong, [fact("已核对的程序文件数", "files of the program compared", len(own))])


def _state(context: Context) -> Result:
    """Whether the state folder is there and nobody else may look into it."""
    if not context.tree.live:
        return not_applicable("离线系统", "an offline tree")
    folder = context.settings.state
    try:
        mode = folder.stat().st_mode
    except FileNotFoundError:
        return verdict([fact("状态目录", "state folder", "none", "0700")])
    shown = oct(stat.S_IMODE(mode))[2:]
    one = fact("状态目录权限", "mode of the state folder", shown, "700")
    open_to_others = bool(stat.S_IMODE(mode) & 0o077)
    return verdict([one] if open_to_others else [], [] if open_to_others else [one])


def _service(context: Context) -> Result:
    """Whether the agent starts with the system, as a service of systemd."""
    tree = context.tree
    on = system.enabled(tree, "mijian.service", "mijian-agent.service")
    wrong: list[Fact] = []
    if on is None:
        wrong.append(
            fact(
                "客户端服务",
                "service of the agent",
                "off" if system.has_unit(tree, "mijian.service", "mijian-agent.service") else "none",
                "on",
            )
        )
    return verdict(wrong, [fact("客户端服务", "service of the agent", on)] if on else [])


_REMEDY = Text(
    zh="重新安装客户端并启用其服务，报告保密员。",
    en="Install the agent again, turn its service on and tell the secrecy officer.",
)

CHECKS = (
    Check(
        name="agent-files",
        controls=("SEC-13",),
        title=Text(zh="客户端程序完整", en="The agent's files are as packaged"),
        remedy=_REMEDY,
        reads=("the package's own list of files",),
        records=Text(zh="被改动的程序文件名", en="names of altered files of the program"),
        look=_files,
        live_only=True,
    ),
    Check(
        name="agent-state",
        controls=("SEC-13",),
        title=Text(zh="客户端状态目录不对他人开放", en="The agent's state is private"),
        remedy=_REMEDY,
        reads=("the state folder",),
        records=Text(zh="权限位", en="mode bits"),
        look=_state,
    ),
    Check(
        name="agent-service",
        controls=("SEC-13",),
        title=Text(zh="客户端随系统启动", en="The agent starts with the system"),
        remedy=_REMEDY,
        reads=("etc/systemd/system/*.wants",),
        records=Text(zh="服务名", en="name of the service"),
        look=_service,
    ),
)
