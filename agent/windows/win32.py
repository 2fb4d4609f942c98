"""The calls of Windows that the adapters need, through ctypes. The only file that asks the system; none of it is logic.

Not yet run on Windows. Types are checked with ``mypy --platform win32 agent/windows``.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Sequence

from agent.windows.notices import Session
from agent.windows.service import SetStatus
from agent.windows.storage import CDROM, FIXED, REMOVABLE, Drive

if sys.platform == "win32":
    from ctypes import wintypes

    _kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    _advapi = ctypes.WinDLL("advapi32", use_last_error=True)
    _terminal = ctypes.WinDLL("wtsapi32", use_last_error=True)
    _kernel.CreateFileW.restype = wintypes.HANDLE
    _advapi.RegisterServiceCtrlHandlerExW.restype = wintypes.HANDLE

    _QUERY_PROPERTY = 0x2D1400  # IOCTL_STORAGE_QUERY_PROPERTY
    _SHARED = 0x1 | 0x2  # for reading and writing
    _OPEN_EXISTING = 3
    _INVALID = ctypes.c_void_p(-1).value
    _OWN_PROCESS = 0x10
    _OK_ICON = 0x30

    class WindowsDrives:
        """The drives of this computer (`agent.windows.drives.Drives`)."""

        def letters(self) -> int:
            """GetLogicalDrives."""
            return int(_kernel.GetLogicalDrives())

        def all(self) -> Sequence[Drive]:
            """Those with a medium in them; a drive that does not answer is left out."""
            letters = self.letters()
            roots = [f"{chr(65 + bit)}:\\" for bit in range(26) if letters >> bit & 1]
            return [drive for root in roots if (drive := self._drive(root))]

        def _drive(self, root: str) -> Drive | None:
            kind = int(_kernel.GetDriveTypeW(root))
            if kind not in (REMOVABLE, FIXED, CDROM):
                return None
            label, system, name = (ctypes.create_unicode_buffer(261) for _ in range(3))
            serial, room = wintypes.DWORD(), ctypes.c_ulonglong()
            if not _kernel.GetVolumeInformationW(root, label, 261, ctypes.byref(serial), None, None, system, 261):
                return None  # an empty reader
            if not _kernel.GetVolumeNameForVolumeMountPointW(root, name, 261):
                return None
            told = _kernel.GetDiskFreeSpaceExW(root, None, ctypes.byref(room), None)
            capacity = room.value if told else None
            parts = (kind, name.value, label.value, serial.value, system.value, capacity)
            return Drive(root, *parts, self._descriptor(root[:2]))

        def _descriptor(self, letter: str) -> bytes:
            handle = _kernel.CreateFileW(rf"\\.\{letter}", 0, _SHARED, None, _OPEN_EXISTING, 0, None)
            if handle == _INVALID:
                return b""
            question, answer, got = ctypes.create_string_buffer(12), ctypes.create_string_buffer(1024), wintypes.DWORD()
            try:
                asked = _kernel.DeviceIoControl(
                    handle, _QUERY_PROPERTY, question, 12, answer, 1024, ctypes.byref(got), None
                )
            finally:
                _kernel.CloseHandle(handle)
            return answer.raw[: got.value] if asked else b""

    class _Info(ctypes.Structure):
        _fields_ = (("number", wintypes.DWORD), ("name", wintypes.LPWSTR), ("state", ctypes.c_int))

    def sessions() -> Sequence[Session]:
        """WTSEnumerateSessionsW."""
        rows, count = ctypes.POINTER(_Info)(), wintypes.DWORD()
        if not _terminal.WTSEnumerateSessionsW(None, 0, 1, ctypes.byref(rows), ctypes.byref(count)):
            return []
        try:
            return [Session(rows[at].number, rows[at].state) for at in range(count.value)]
        finally:
            _terminal.WTSFreeMemory(rows)

    def send(number: int, title: str, text: str) -> bool:
        """WTSSendMessageW, without waiting for an answer."""
        sizes = (2 * len(title), 2 * len(text))
        answer = wintypes.DWORD()
        return bool(
            _terminal.WTSSendMessageW(
                None, number, title, sizes[0], text, sizes[1], _OK_ICON, 0, ctypes.byref(answer), False
            )
        )

    class _Status(ctypes.Structure):
        _fields_ = tuple(
            (name, wintypes.DWORD) for name in ("type", "state", "accepted", "code", "own_code", "point", "wait")
        )

    _Handler = ctypes.WINFUNCTYPE(wintypes.DWORD, wintypes.DWORD, wintypes.DWORD, wintypes.LPVOID, wintypes.LPVOID)

    def register(name: str, control: Callable[[int], None]) -> tuple[SetStatus, object]:
        """Take the service manager's word for a service; how to answer it, and what must be kept alive meanwhile.

        Raises `OSError`.
        """

        def answer(code: int, _kind: int, _data: object, _context: object) -> int:
            control(code)
            return 0

        handler = _Handler(answer)
        handle = _advapi.RegisterServiceCtrlHandlerExW(name, handler, None)
        if not handle:
            raise ctypes.WinError(ctypes.get_last_error())

        def set_status(state: int, accepted: int, code: int, wait: int) -> None:
            status = _Status(_OWN_PROCESS, state, accepted, code, 0, 0, wait)
            _advapi.SetServiceStatus(handle, ctypes.byref(status))

        return set_status, handler
