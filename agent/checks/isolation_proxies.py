"""Proxies this computer is told to use: by the environment of people who are logged in, by files, by the desktop.

A proxy is told by where it was found and how far away it is, never by its address or its password.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from agent.checks.tree import Tree, Unreadable

_SHELLS = {"sh", "bash", "zsh", "fish", "dash", "csh", "tcsh", "ksh", "systemd", "gnome-session", "gnome-session-b"} | {
    *(
        "startplasma-x11",
        "startplasma-wayl",
        "plasmashell",
        "gnome-shell",
        "dde-session-dae",
        "ukui-session",
        "xfce4-session",
    )
}
"""Processes whose environment is handed to whatever a person starts."""
_MOST_PROCESSES = 500

_VALUE = r"[\"']?(?P<url>[^\s\"';#]+)"
_ENVIRONMENT = re.compile(rf"(?:^|\s)(?:export\s+|setenv\s+)?(?:https?|ftp|all|socks)_proxy[\s=]+{_VALUE}", re.I)
_APT = re.compile(rf"Acquire::(?:https?|ftp|socks)::(?:proxy|proxy::[^\s\"]+)\s+{_VALUE}", re.I)
_APT_NESTED = re.compile(rf"^\s*proxy\s+{_VALUE}", re.I)
_INI = re.compile(rf"^\s*(?:https?_)?proxy\s*=\s*{_VALUE}", re.I)
_DESKTOP = re.compile(
    r"^\s*(?:host|autoconfig-url|(?:https?|socks|ftp)Proxy|Proxy Config Script)\s*=\s*" + _VALUE, re.I
)

FILES: dict[str, tuple[tuple[str, ...], tuple[re.Pattern[str], ...]]] = {
    "environment": (
        ("etc/environment", "etc/environment.d/*.conf", "etc/security/pam_env.conf", "etc/systemd/system.conf"),
        (_ENVIRONMENT,),
    ),
    "profile": (
        (
            *("etc/profile", "etc/profile.d/*.sh", "etc/bash.bashrc", "etc/bashrc", "etc/zsh/zshenv", "root/.bashrc"),
            *("root/.profile", "home/*/.bashrc", "home/*/.profile", "home/*/.bash_profile", "home/*/.zshrc"),
            *("home/*/.zshenv", "home/*/.pam_environment", "home/*/.config/environment.d/*.conf"),
        ),
        (_ENVIRONMENT,),
    ),
    "apt": (("etc/apt/apt.conf", "etc/apt/apt.conf.d/*"), (_APT, _APT_NESTED)),
    "dnf": (("etc/dnf/dnf.conf", "etc/yum.conf", "etc/yum.repos.d/*.repo"), (_INI,)),
    "desktop": (
        (
            *("etc/dconf/db/*.d/*", "home/*/.config/kioslaverc", "home/*/.config/deepin/*proxy*"),
            "home/*/.config/glib-2.0/settings/keyfile",
        ),
        (_DESKTOP,),
    ),
    "tools": (
        (
            *("root/.gitconfig", "home/*/.gitconfig", "etc/gitconfig", "home/*/.npmrc", "etc/wgetrc", "etc/pip.conf"),
            "home/*/.config/pip/pip.conf",
        ),
        (_INI, _ENVIRONMENT),
    ),
}
"""Where a proxy can be set: word → files, and what a setting looks like in them."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy that is set somewhere."""

    source: str
    """``environment``, ``profile``, ``apt``, ``dnf``, ``desktop``, ``tools`` or ``session`` (a process that runs)."""
    host: str
    """Its host, for judging only; it is never told."""


def proxies(tree: Tree) -> tuple[Proxy, ...]:
    """Every proxy that is set, sorted; a file that cannot be read is passed over (the traces say so)."""
    found = set()
    for source, (patterns, forms) in FILES.items():
        for path in chain.from_iterable(_glob(tree, pattern) for pattern in patterns):
            for line in _lines(tree, path):
                for form in forms:
                    match = form.search(line)
                    if match and (host := _host(match["url"])):
                        found.add(Proxy(source, host))
    if tree.live:
        found |= {Proxy("session", host) for host in _of_processes(tree)}
    return tuple(sorted(found, key=lambda proxy: (proxy.source, proxy.host)))


def distance(host: str) -> str:
    """``local``, ``private``, ``public`` or ``named`` (a name that only a resolver could place)."""
    if host in ("localhost", "ip6-localhost"):
        return "local"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "named"
    if address.is_loopback:
        return "local"
    return "public" if address.is_global else "private"


def _of_processes(tree: Tree) -> Iterator[str]:
    looked = 0
    for pid in tree.names("proc"):
        if pid.isdigit() and (_read(tree, f"proc/{pid}/comm") or "").strip().lstrip("-") in _SHELLS:
            looked += 1
            if looked > _MOST_PROCESSES:
                return
            for setting in (_read(tree, f"proc/{pid}/environ") or "").split("\0"):
                match = _ENVIRONMENT.match(setting)
                if match and (host := _host(match["url"])):
                    yield host


def _host(url: str) -> str:
    """The host of a proxy's URL; empty where the value switches a proxy off."""
    rest = url.partition("://")[2] or url
    rest = rest.split("/", 1)[0].rpartition("@")[2]
    if rest.startswith("["):
        return rest[1:].partition("]")[0]
    host = rest if rest.count(":") > 1 else rest.partition(":")[0]
    return "" if host.lower() in ("", "none", "direct", "false", "_none_", "$http_proxy", "$") else host.lower()


def _lines(tree: Tree, path: str) -> list[str]:
    text = _read(tree, path) or ""
    return [line for line in text.splitlines() if not line.lstrip().startswith(("#", "//", ";"))]


def _read(tree: Tree, path: str) -> str | None:
    try:
        return tree.read(path, 1 << 18)
    except Unreadable:
        return None


def _glob(tree: Tree, pattern: str) -> list[str]:
    try:
        return tree.glob(pattern)
    except Unreadable:
        return []
