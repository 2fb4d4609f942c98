"""Visits to pages of a network in the histories of browsers: how many and when last, never which.

Chromium and every browser made from it (Chrome, Edge, the browsers of UOS and Kylin, 360, QAX …) and Firefox and its
kin, of every person, also as snap or flatpak. Pages of this computer and of the networks it may use do not count.
"""

from __future__ import annotations

import re
from datetime import datetime

from agent.checks.traces_base import Search, moment
from agent.checks.traces_sqlite import copied
from agent.checks.tree import DAMAGED, Unreadable

CHROMIUM = tuple(
    f"{place}/{profile}/History"
    for place in (".config/*", ".config/*/*", "snap/*/common/*", "snap/*/current/.config/*", ".var/app/*/config/*")
    for profile in ("Default", "Profile *", "Guest Profile")
)
FIREFOX = (
    *(".mozilla/firefox/*/places.sqlite", ".librewolf/*/places.sqlite", ".waterfox/*/places.sqlite"),
    *("snap/*/common/.mozilla/firefox/*/places.sqlite", ".var/app/*/.mozilla/firefox/*/places.sqlite"),
)
_SINCE_1601 = 11_644_473_600
"""Seconds from 1601, where Chromium's clock begins, to 1970."""
_MOST = 500_000
"""Pages of one history that are looked at, newest first."""
_HOST = re.compile(r"(?:https?|ftp|wss?)://(?:[^/@\s]*@)?(\[[0-9A-Fa-f:.%]+\]|[^/:?#\s]+)", re.I)


def look(search: Search) -> None:
    """Gather all of them."""
    for home in search.homes():
        read_histories(search, *(f"{home}/{one}" for one in (*CHROMIUM, *FIREFOX)))


def read_histories(search: Search, *patterns: str) -> None:
    """Gather those whose names fit: ``History`` of Chromium's kin, ``places.sqlite`` of Firefox's."""
    for path in dict.fromkeys(search.glob(*patterns)):
        with search.each(path):
            (_chromium if path.endswith("/History") else _firefox)(search, path)


def _chromium(search: Search, path: str) -> None:
    with copied(search, path, "urls") as database:
        rows = database.execute(f"SELECT url, last_visit_time FROM urls ORDER BY 2 DESC LIMIT {_MOST}")  # noqa: S608
        for url, visited in rows:
            _visit(search, path, "chromium", url, visited, _SINCE_1601)


def _firefox(search: Search, path: str) -> None:
    with copied(search, path, "moz_places") as database:
        rows = database.execute(
            f"SELECT url, last_visit_date FROM moz_places WHERE last_visit_date > 0 ORDER BY 2 DESC LIMIT {_MOST}"  # noqa: S608
        )
        for url, visited in rows:
            _visit(search, path, "firefox", url, visited, 0)


def _visit(search: Search, path: str, kind: str, url: object, visited: object, before: int) -> None:
    if not isinstance(url, str) or not isinstance(visited, int):
        raise Unreadable(path, DAMAGED)
    match = _HOST.match(url)
    if match and search.is_outside(match[1]):
        at: datetime | None = moment(visited / 1_000_000 - before)
        search.tell(f"trace:browser:{kind}", at)
