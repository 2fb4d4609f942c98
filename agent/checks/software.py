"""Software: the protection suite that is prescribed, and programs from places nobody answers for (SEC-08, SEC-12)."""

from __future__ import annotations

import re

from agent.checks import people
from agent.checks.base import Check, Context, Fact, Result, fact, not_applicable, verdict
from agent.checks.tree import Tree
from signatures.controls import Text

AUTOSTART = (".config/autostart", ".config/systemd/user/default.target.wants")
_ELF = b"\x7fELF"
_LOOSE = ("Downloads", "下载", "Desktop", "桌面", "bin", ".local/bin")
_MAKERS = re.compile(
    r"(debian\.org|ubuntu\.com|uniontech|deepin|kylinos|openkylin|centos\.org|fedoraproject|openeuler|anolis|rockylinux|almalinux|redhat\.com)"
)


def _suite(context: Context) -> Result:
    """Whether every program of the prescribed protection suite is there."""
    wanted = context.parameters.protection_programs
    if not wanted:
        return not_applicable(
            "未设定规定的防护软件（protection_programs）", "no protection suite is prescribed (protection_programs)"
        )
    missing = [path for path in wanted if not context.tree.exists(path)]
    return verdict(
        [fact("缺少规定的防护软件", "prescribed program is missing", path, "installed") for path in missing],
        [fact("已安装的防护软件", "prescribed programs installed", len(wanted) - len(missing))],
    )


def _loose(context: Context) -> Result:
    """Programs that lie in homes, and what starts with somebody's session from there; as counts."""
    tree = context.tree
    allowed = tuple(path.strip("/") for path in context.parameters.software_paths)
    wrong: list[Fact] = []
    for account in people.homes(tree):
        programs = sum(
            _is_program(tree, f"{account.home}/{place}/{name}")
            for place in _LOOSE
            if not f"{account.home}/{place}".startswith(allowed or ("\0",))
            for name in tree.names(f"{account.home}/{place}")
        )
        starts = sum(_starts_from_home(tree, path) for path in tree.glob(f"{account.home}/{AUTOSTART[0]}/*.desktop"))
        if programs:
            wrong.append(
                fact(f"个人目录中的程序数：{account.name}", f"programs in the home: {account.name}", programs, 0)
            )
        if starts:
            wrong.append(
                fact(
                    f"从个人目录自启动的程序数：{account.name}",
                    f"programs that start from the home: {account.name}",
                    starts,
                    0,
                )
            )
    return verdict(wrong)


def _is_program(tree: Tree, path: str) -> bool:
    status = tree.status(path)
    if status is None or status.st_mode & 0o170000 != 0o100000:
        return False
    if path.lower().endswith((".appimage", ".run")):
        return True
    return bool(status.st_mode & 0o111) and tree.head(path, 4) == _ELF


def _starts_from_home(tree: Tree, path: str) -> bool:
    return re.search(r"^Exec=\"?/(home|root|tmp)/", tree.read(path) or "", re.MULTILINE) is not None


def _sources(context: Context) -> Result:
    """Package sources that are not verified, or are not those of the system's maker."""
    tree = context.tree
    wrong: list[Fact] = []
    lines = [
        (path, line)
        for path in ("etc/apt/sources.list", *tree.glob("etc/apt/sources.list.d/*"))
        for line in tree.lines(path)
    ]
    for path, line in lines:
        if re.search(r"\btrusted=yes|^Trusted:\s*yes", line, re.IGNORECASE):
            wrong.append(fact("未验证签名的软件源", "source whose signature is not verified", path, "verified"))
        match = re.search(r"https?://([^/\s]+)", line)
        if match and not _MAKERS.search(match[1]) and not match[1].endswith((".local", ".lan", ".internal")):
            wrong.append(fact("第三方软件源", "source of somebody else", match[1]))
    for path in tree.glob("etc/yum.repos.d/*.repo"):
        if re.search(r"^\s*gpgcheck\s*=\s*0", tree.read(path) or "", re.MULTILINE):
            wrong.append(fact("未验证签名的软件源", "source whose signature is not verified", path, "gpgcheck=1"))
    return verdict(wrong)


CHECKS = (
    Check(
        name="protection-suite",
        controls=("CPC-14", "SEC-08"),
        title=Text(zh="安装规定的保密防护软件", en="The prescribed protection suite is installed"),
        remedy=Text(
            zh="安装规定的保密防护软件，不得擅自卸载。", en="Install the prescribed suite; it may not be removed."
        ),
        reads=("the files named in protection_programs",),
        records=Text(zh="程序路径", en="paths of programs"),
        look=_suite,
        extent="part",
    ),
    Check(
        name="loose-programs",
        controls=("SEC-12", "NPC-06"),
        title=Text(zh="没有来源不明的程序", en="No programs outside managed places"),
        remedy=Text(
            zh="核查并删除个人目录中的程序，软件由管理员统一安装。",
            en="Look into programs in homes and remove them; software is installed by the administrator.",
        ),
        reads=("home/*/Downloads", "home/*/bin", "home/*/.config/autostart"),
        records=Text(zh="账户名和数量", en="names of accounts and counts"),
        look=_loose,
        extent="part",
    ),
    Check(
        name="package-sources",
        controls=("SEC-12",),
        title=Text(zh="软件源可信", en="Packages come from known sources"),
        remedy=Text(zh="删除第三方软件源，开启签名验证。", en="Remove other people's sources and verify signatures."),
        reads=("etc/apt/sources.list", "etc/apt/sources.list.d/*", "etc/yum.repos.d/*"),
        records=Text(zh="软件源主机名、设置文件", en="hosts of sources, files of settings"),
        look=_sources,
        extent="part",
    ),
)
