"""Tells the people at the computer once for each media session: what was found, which rule, what to do.

A notification on every desktop of this computer (org.freedesktop.Notifications); a later word on the same session
takes the place of the earlier one. Where there is no desktop, lines on the terminals of those who are logged in.
No name of a file and no content is ever told, for others may look on.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from jeepney import DBusAddress, new_method_call
from jeepney.io.blocking import open_dbus_connection
from jeepney.wrappers import DBusErrorResponse, unwrap_msg

from agent import words
from signatures.controls import Control, load_controls

BUSES = Path("/run/user")
TERMINALS = Path("/dev")
ANSWER_SECONDS = 3.0
MOST_CONTROLS = 3
CRITICAL = 2
_NOTIFICATIONS = DBusAddress(
    "/org/freedesktop/Notifications",
    bus_name="org.freedesktop.Notifications",
    interface="org.freedesktop.Notifications",
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SessionNews:
    """What there is to tell of a media session."""

    session: str
    controls: Counter[str]
    """Control → how many violations of it."""
    scanned: bool = False
    """Whether the scan is done, so that there is nothing more to come."""
    access: str = ""
    """``read-only`` or ``unmounted`` where the medium is held (`agent.watching.holding`)."""
    unreadable: bool = False
    """Whether it is a phone or camera, whose files cannot be read."""


@dataclass
class _Shown:
    """What was told of a session so far, and where."""

    controls: Counter[str] = field(default_factory=Counter)
    access: str = ""
    ids: dict[str, int] = field(default_factory=dict)
    """Address of a desktop's bus → id of the notification there."""
    on_terminals: bool = False


class Desktop:
    """Tells in a thread of its own, so that a desktop that does not answer holds nothing up."""

    def __init__(self, *, enabled: bool = True, buses: Path = BUSES, terminals: Iterable[Path] | None = None) -> None:
        self._enabled = enabled
        self._buses = buses
        self._terminals = terminals
        self._news: queue.SimpleQueue[SessionNews | str] = queue.SimpleQueue()
        self._shown: dict[str, _Shown] = {}
        self._controls: dict[str, Control] | None = None

    def tell(self, news: SessionNews) -> None:
        """Have something told; nothing is where nothing was found."""
        if self._enabled and (news.controls or news.access):
            self._news.put(news)

    def forget(self, session: str) -> None:
        """The session has ended: its notification stays, and is not replaced any more."""
        self._news.put(session)

    def wake(self) -> None:
        """Have `run` look at once whether it is to stop."""
        self._news.put("")

    def run(self, stop: threading.Event) -> None:
        """Tell until ``stop`` is set."""
        while not stop.is_set():
            try:
                news = self._news.get(timeout=60)
            except queue.Empty:
                continue
            if isinstance(news, str):
                self._shown.pop(news, None)  # also the empty word of `wake`
            else:
                self.show(news)

    def show(self, news: SessionNews) -> bool:
        """Tell now, in the caller's thread; whether anybody was told anything new."""
        shown = self._shown.setdefault(news.session, _Shown())
        if shown.controls == news.controls and shown.access == news.access:
            return False
        shown.controls, shown.access = Counter(news.controls), news.access
        title, body = self.wording(news)
        told = False
        for address in self._desktops():
            number = _notify(address, shown.ids.get(address, 0), title, body)
            if number:
                shown.ids[address] = number
                told = True
        if not told and not shown.on_terminals:
            told = shown.on_terminals = self._write(f"{title}\n{body}")
        return told

    def wording(self, news: SessionNews) -> tuple[str, str]:
        """Title and text in the language in force."""
        controls = self._controls = self._controls or load_controls()
        lines = []
        for id_, count in news.controls.most_common(MOST_CONTROLS):
            control = controls.get(id_)
            title = control.title.pick(words.language()) if control else ""
            remedy = control.remedy.pick(words.language()) if control else ""
            times = f" × {count}" if count > 1 else ""
            lines.append(words.text(f"{id_}{times}：{title}。{remedy}", f"{id_}{times}: {title}. {remedy}"))
        more = len(news.controls) - MOST_CONTROLS
        if more > 0:
            lines.append(words.text(f"另有 {more} 项", f"and {more} more"))
        if news.access:
            lines.append(words.text(*words.ACCESS[news.access]))
        if news.unreadable:
            lines.append(words.text("手机、相机中的文件无法检查。", "Files in phones and cameras cannot be examined."))
        title = words.text("密检：移动介质存在保密违规", "Mijian: a removable medium breaks secrecy rules")
        if not news.controls:
            title = words.text("密检：移动介质受限", "Mijian: a removable medium is held")
        return title, words.printable("\n".join(lines).replace("\n", "\x00")).replace("\\x00", "\n")

    def _desktops(self) -> list[str]:
        """Addresses of the buses of those who are logged in at a desktop."""
        try:
            return [f"unix:path={bus}" for bus in sorted(self._buses.glob("*/bus")) if bus.is_socket()]
        except OSError:
            return []

    def _write(self, text: str) -> bool:
        """Write lines on terminals; whether there was one that took them."""
        told = False
        data = ("\r\n" + text.replace("\n", "\r\n") + "\r\n").encode()
        for path in self._terminals if self._terminals is not None else _logged_in():
            try:
                terminal = os.open(path, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
            except OSError:
                continue
            try:
                os.write(terminal, data)
                told = True
            except OSError:
                continue
            finally:
                os.close(terminal)
        return told


def _logged_in() -> list[Path]:
    """Terminals of those who are logged in."""
    return sorted({TERMINALS / user.terminal for user in psutil.users() if user.terminal})


def _notify(address: str, replaces: int, title: str, body: str) -> int:
    """Show a notification; its id, or 0 where that desktop did not take it."""
    arguments: tuple[object, ...] = (
        "Mijian",
        replaces,
        "dialog-warning",
        title,
        body,
        [],
        {"urgency": ("y", CRITICAL)},
        0,
    )
    call = new_method_call(_NOTIFICATIONS, "Notify", "susssasa{sv}i", arguments)
    try:
        with closing(open_dbus_connection(bus=address)) as bus:
            (number,) = unwrap_msg(bus.send_and_get_reply(call, timeout=ANSWER_SECONDS))
    except (OSError, DBusErrorResponse, RuntimeError, ValueError, KeyError) as error:
        log.info("a desktop did not take a notification: %s", type(error).__name__)
        return 0
    return int(number)
