"""libarchive, where it is installed: the few calls that reading an archive takes, over a stream of our own.

Called by ctypes, so that nothing but the system's library (Debian: libarchive13) is needed. Only the formats named
here are switched on; the filters of libarchive, some of which start programs, stay off.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from ctypes import POINTER, c_char_p, c_int, c_int64, c_size_t, c_ssize_t, c_void_p, c_wchar_p
from functools import cache
from types import TracebackType
from typing import Any, Self

from agent.scanning.formats.base import NotExamined, Source
from protocol.records import Reason

_FORMATS = ("7zip", "rar", "rar5", "cab", "iso9660", "lha", "cpio", "xar", "ar")
_NAMES = ("libarchive.so.13", "libarchive.13.dylib", "archive.dll")
_END, _OK, _WARN, _FATAL = 1, 0, -20, -30
_REGULAR, _UNTOLD, _KIND_MASK = 0o100000, 0, 0o170000
_FAMILY, _LHA = 0xFF0000, 0xB0000
_STEP = 256 * 1024
_NOT_READ = (b"unavailable", b"unsupported", b"not supported", b"multivolume", b"unknown codec", b"window buffer")
"""Words in what the library says of methods it does not know, and of later parts of a solid archive."""
_SEEK_SET, _SEEK_CUR, _SEEK_END = 0, 1, 2

_ReadCallback = ctypes.CFUNCTYPE(c_ssize_t, c_void_p, c_void_p, POINTER(c_void_p))
_SkipCallback = ctypes.CFUNCTYPE(c_int64, c_void_p, c_void_p, c_int64)
_SeekCallback = ctypes.CFUNCTYPE(c_int64, c_void_p, c_void_p, c_int64, c_int)


def available() -> bool:
    """Whether libarchive can be used here. Loads it: call this before a cage closes."""
    return _library() is not None


@cache
def _library() -> Any:
    for name in _NAMES:
        try:
            library = ctypes.CDLL(name)
            _declare(library)
        except (OSError, AttributeError):
            continue
        return library
    return None


def _declare(library: Any) -> None:
    calls = {
        "read_new": (c_void_p,),
        "read_free": (c_int, c_void_p),
        "read_open1": (c_int, c_void_p),
        "read_set_read_callback": (c_int, c_void_p, _ReadCallback),
        "read_set_skip_callback": (c_int, c_void_p, _SkipCallback),
        "read_set_seek_callback": (c_int, c_void_p, _SeekCallback),
        "read_set_callback_data": (c_int, c_void_p, c_void_p),
        "read_next_header": (c_int, c_void_p, POINTER(c_void_p)),
        "read_data": (c_ssize_t, c_void_p, c_void_p, c_size_t),
        "read_has_encrypted_entries": (c_int, c_void_p),
        "error_string": (c_char_p, c_void_p),
        "read_set_format_option": (c_int, c_void_p, c_char_p, c_char_p, c_char_p),
        "format": (c_int, c_void_p),
        "entry_pathname_w": (c_wchar_p, c_void_p),
        "entry_pathname": (c_char_p, c_void_p),
        "entry_filetype": (ctypes.c_uint, c_void_p),
        "entry_size": (c_int64, c_void_p),
        "entry_is_encrypted": (c_int, c_void_p),
        **{f"read_support_format_{name}": (c_int, c_void_p) for name in _FORMATS},
    }
    for name, (result, *arguments) in calls.items():
        call = getattr(library, f"archive_{name}")
        call.restype, call.argtypes = result, arguments


class Entry:
    """What the archive says of the entry that is read now; good until the next one is asked for."""

    def __init__(self, library: Any, entry: c_void_p, *, latin: bool) -> None:
        wide = library.archive_entry_pathname_w(entry)
        self.name: str | bytes = wide if wide else library.archive_entry_pathname(entry) or b""
        if latin and isinstance(self.name, str):
            self.name = self.name.encode("latin-1", "replace")
        """As text; as bytes where the archive does not tell in which encoding."""
        self.is_file: bool = library.archive_entry_filetype(entry) & _KIND_MASK in (_REGULAR, _UNTOLD)
        self.size: int = max(0, library.archive_entry_size(entry))
        self.encrypted = bool(library.archive_entry_is_encrypted(entry))


class Archive:
    """One archive, read in order. Raises `NotExamined`; an `OSError` of the medium itself is passed on."""

    def __init__(self, source: Source) -> None:
        library = _library()
        if library is None:
            raise NotExamined(Reason.UNSUPPORTED, "libarchive is not installed")
        self._library = library
        self._stream, self._size = source.stream, source.size
        self._stream.seek(0)
        self._held = b""
        self._lost: OSError | None = None
        self._opened = False
        self._buffer = ctypes.create_string_buffer(_STEP)
        # The library calls these until it is closed: they must not be collected before.
        self._callbacks = (_ReadCallback(self._read), _SkipCallback(self._skip), _SeekCallback(self._seek))
        self._archive = library.archive_read_new()

    def __enter__(self) -> Self:
        """Open the archive. Raises `NotExamined` where it is none, is broken, or is encrypted as a whole."""
        library, archive = self._library, self._archive
        for name in _FORMATS:
            getattr(library, f"archive_read_support_format_{name}")(archive)
        # Of LHA the library insists on a name it can decode, and breaks off at any other: Latin-1 it always can, and
        # gives back the bytes as they were.
        library.archive_read_set_format_option(archive, b"lha", b"hdrcharset", b"ISO-8859-1")
        read, skip, seek = self._callbacks
        library.archive_read_set_read_callback(archive, read)
        library.archive_read_set_skip_callback(archive, skip)
        library.archive_read_set_seek_callback(archive, seek)
        library.archive_read_set_callback_data(archive, None)  # opening follows this pointer unasked
        try:
            self._judge(library.archive_read_open1(archive))
        except BaseException:
            self._close()
            raise
        self._opened = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of the archive."""
        self._close()

    def _close(self) -> None:
        if self._archive:
            self._library.archive_read_free(self._archive)
            self._archive = None

    def entries(self) -> Iterator[Entry]:
        """The entries in order. Raises `NotExamined` where the next one cannot be reached."""
        while True:
            entry = c_void_p()
            told = self._library.archive_read_next_header(self._archive, ctypes.byref(entry))
            if told == _END:
                return
            self._judge(told)
            if entry.value is None:
                raise NotExamined(Reason.DAMAGED, "an entry of the archive is damaged")
            latin = self._library.archive_format(self._archive) & _FAMILY == _LHA
            yield Entry(self._library, entry, latin=latin)

    def chunks(self) -> Iterator[bytes]:
        """The bytes of the entry that is read now. Raises `NotExamined` where they cannot be had."""
        while True:
            had = self._library.archive_read_data(self._archive, self._buffer, _STEP)
            if had < 0:
                self._judge(had)
                continue  # a warning: the next call goes on
            if had == 0:
                return
            yield self._buffer.raw[:had]

    def _judge(self, told: int) -> None:
        """Raise for what a call answered, unless it is success or a mere warning."""
        if self._lost is not None:
            raise self._lost
        if told in (_OK, _WARN):
            return
        message = (self._library.archive_error_string(self._archive) or b"").lower()
        # Before a format was found this call follows a stray pointer (seen in libarchive 3.6.2).
        encrypted = self._opened and self._library.archive_read_has_encrypted_entries(self._archive) == 1
        if encrypted or b"encrypt" in message or b"password" in message or b"passphrase" in message:
            raise NotExamined(Reason.ENCRYPTED, "a password is needed")
        if any(word in message for word in _NOT_READ):
            raise NotExamined(Reason.UNSUPPORTED, "the archive uses a method that is not read")
        raise NotExamined(Reason.DAMAGED, "the archive is damaged")

    # --- what the library asks for -----------------------------------------------------------------------------

    def _read(self, _archive: int, _client: int, buffer: Any) -> int:
        try:
            self._held = self._stream.read(_STEP)
        except OSError as error:
            self._lost = error
            return -1
        buffer[0] = ctypes.cast(c_char_p(self._held), c_void_p)
        return len(self._held)

    def _skip(self, _archive: int, _client: int, count: int) -> int:
        here = self._stream.tell()
        there = min(self._size, max(here, here + count))
        self._stream.seek(there)
        return there - here

    def _seek(self, _archive: int, _client: int, offset: int, whence: int) -> int:
        start = {_SEEK_SET: 0, _SEEK_CUR: self._stream.tell(), _SEEK_END: self._size}.get(whence, 0)
        if not 0 <= start + offset <= self._size:
            return _FATAL
        return self._stream.seek(start + offset)
