"""NET-04, CPC-03: traces of earlier contact with networks a classified computer may not touch.

What is looked through: profiles and leases (`traces_networks`), package managers (`traces_packages`), recent lists
(`traces_recent`), logins (`traces_logins`), browsers (`traces_browsers`), logs and journals (`traces_logs`). Told are
kinds, counts and the newest time. Whoever is root can remove traces: a clean result says that none are left, not that
none were.
"""

from __future__ import annotations

from agent.checks import traces_browsers, traces_logins, traces_logs, traces_networks, traces_packages, traces_recent
from agent.checks.base import CONFIDENTIAL, Check, Context, Result
from agent.checks.isolation_proxies import proxies
from agent.checks.traces_base import Search
from agent.checks.traces_told import search_of, told
from agent.checks.windows import networks as windows
from signatures.controls import Text

SOURCES = (
    traces_networks.look,
    traces_packages.look,
    traces_recent.look,
    traces_logins.look,
    traces_browsers.look,
    traces_logs.look,
)
"""What may take long comes last: its time may run out."""


def gather(search: Search) -> None:
    """Ask every source."""
    for source in SOURCES:
        search.begin()
        source(search)
    for proxy in proxies(search.tree):
        if search.is_outside(proxy.host):
            search.tell(f"trace:proxy:{proxy.source}", None)


def look(context: Context) -> Result:
    """NET-04: what is left of contact with networks since the last inspection."""
    search = search_of(context)
    gather(search)
    return told(search)


CHECKS = (
    Check(
        name="network-traces",
        controls=("NET-04", "CPC-03"),
        title=Text(zh="无违规外联痕迹", en="No traces of contact with other networks"),
        remedy=Text(
            zh="保留现场，不要清除痕迹，报告保密员；由保密员查明何时、由何人、连接何处。",
            en="Leave the traces as they are and tell the secrecy officer, who finds out when, by whom and to where.",
        ),
        reads=(
            *("etc/NetworkManager", "var/lib/NetworkManager", "var/lib/dhcp", "etc/wpa_supplicant", "var/lib/iwd"),
            *("var/lib/apt", "var/log/dnf*", "var/lib/snapd", "var/log", "var/log/journal", "home/*"),
        ),
        records=Text(
            zh="痕迹种类、次数、最近时间；不含网址和名称", en="kinds, counts, newest times; no URL and no name"
        ),
        look=look,
        windows=windows.traces,
        classes=CONFIDENTIAL,
    ),
)
