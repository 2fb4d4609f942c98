"""Files and hosts elsewhere in the lists of recently used things: desktop, file manager, ssh. Counts and times only."""

from __future__ import annotations

import re
from datetime import datetime

from agent.checks.traces_base import Search

RECENT = (".local/share/recently-used.xbel", ".recently-used.xbel", "snap/*/current/.local/share/recently-used.xbel")
GVFS = (".local/share/gvfs-metadata/*", ".gvfs-metadata/*")
REMOTE = ("smb", "sftp", "ftp", "dav", "davs", "http", "https", "nfs", "google-drive", "afp", "ssh")
"""Kinds of places of GLib that lie on a network."""

_BOOKMARK = re.compile(r"<bookmark\s([^<>]{1,8192})>")
_REMOTE = re.compile(r"\bhref=\"(?:smb|sftp|ftp|davs?|https?|nfs|ssh|afp)://(?:[^/\"@]*@)?(\[[^\]\"]*\]|[^/\":]*)")
_VISITED = re.compile(r"\bvisited=\"([^\"]{10,40})\"")


def look(search: Search) -> None:
    """Gather all of them."""
    for home in search.homes():
        search.read_each(tuple(f"{home}/{one}" for one in RECENT), lambda _, text: _recent(search, text), 16 << 20)
        for path in search.glob(*(f"{home}/{one}" for one in GVFS)):
            name = path.rpartition("/")[2]
            if re.match(rf"({'|'.join(REMOTE)})(-share)?[:-]", name) and not name.endswith(".log"):
                with search.each(path):
                    search.tell("trace:file-manager", search.modified(path))
        search.read_each(
            (f"{home}/.ssh/known_hosts", f"{home}/.ssh/known_hosts.old"),
            lambda path, text: _known_hosts(search, path, text),
        )


def _recent(search: Search, text: str) -> None:
    for match in _BOOKMARK.finditer(text):
        remote, visited = _REMOTE.search(match[1]), _VISITED.search(match[1])
        if remote and search.is_outside(remote[1]):
            search.tell("trace:recent-files", _time(visited[1]) if visited else None)


def _known_hosts(search: Search, path: str, text: str) -> None:
    outside = 0
    for line in text.splitlines():
        words = line.split()
        if len(words) < 3 or line.startswith(("#", "@revoked")):
            continue
        hosts = words[1] if words[0].startswith("@") else words[0]
        # A name that was hashed cannot be told from one inside: it counts, for a person to look at.
        plain = [re.sub(r"^\[(.*)\]:\d+$", r"\1", one) for one in hosts.split(",")]
        outside += hosts.startswith("|1|") or any(search.is_outside(one) for one in plain)
    search.tell("trace:ssh", search.modified(path), outside)


def _time(given: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(given.replace("Z", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo else None
