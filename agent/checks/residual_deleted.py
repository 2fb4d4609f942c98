"""Deleted but recoverable files of ext, FAT and NTFS, by The Sleuth Kit; counts only.

It parses what anybody may have written on the device, in C: so it runs in a process of its own, under limits, that
gets an open descriptor and answers with numbers. Run as ``python -m agent.checks.residual_deleted FD START …``.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections import Counter

from agent.checks.residual_carving import Carver, parts_of_zip

MOST_ENTRIES = 300_000
MOST_BYTES = 4 * 1024 * 1024
"""Bytes of one deleted file that are looked at."""
DEEPEST = 40
PATIENCE = 120
"""Seconds for one device."""
MEMORY = 1024 * 1024 * 1024


def deleted(descriptor: int, starts: list[int], patience: float = PATIENCE) -> tuple[dict[str, int], str]:
    """Counts by file system, and why there are none or not all: empty, ``missing``, ``timeout`` or ``crashed``."""
    command = [
        sys.executable,
        "-m",
        "agent.checks.residual_deleted",
        str(descriptor),
        *(str(start) for start in starts),
    ]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            timeout=patience,
            pass_fds=(descriptor,),
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        return {}, "timeout"
    if done.returncode == 3:
        return {}, "missing"
    if done.returncode != 0:
        return {}, "crashed"
    counts = json.loads(done.stdout)
    return {str(name): int(count) for name, count in counts.items()}, ""


class _Walk:
    """Walks the directories of one file system and counts what was deleted."""

    def __init__(self, kit: object, name: str, counts: Counter[str], carver: Carver) -> None:
        self._kit = kit
        self._name = name
        self._counts = counts
        self._carver = carver
        self._left = MOST_ENTRIES
        self._seen: set[int] = set()

    def go(self, directory: object, depth: int) -> None:
        """Count below one directory; a directory is entered once."""
        for entry in directory:  # type: ignore[attr-defined]
            self._left -= 1
            if self._left <= 0:
                self._counts[f"{self._name} cut short"] = 1
                return
            name, meta = entry.info.name, entry.info.meta
            if name is None or name.name in (b".", b".."):
                continue
            unallocated = int(name.flags) & int(self._kit.TSK_FS_NAME_FLAG_UNALLOC)  # type: ignore[attr-defined]
            is_folder = meta is not None and meta.type == self._kit.TSK_FS_META_TYPE_DIR  # type: ignore[attr-defined]
            if is_folder and not unallocated:
                if depth < DEEPEST and meta.addr not in self._seen:
                    self._seen.add(meta.addr)
                    try:
                        self.go(entry.as_directory(), depth + 1)
                    except OSError:
                        self._counts[f"{self._name} unreadable"] += 1
            elif unallocated and not is_folder:
                self._file(entry, meta)

    def _file(self, entry: object, meta: object) -> None:
        self._counts[f"{self._name} names"] += 1
        if meta is None or meta.size <= 0:  # type: ignore[attr-defined]
            return
        try:
            data = entry.read_random(0, min(int(meta.size), MOST_BYTES))  # type: ignore[attr-defined]
        except OSError:
            return
        if not data or not data.strip(b"\0"):
            return
        self._counts[f"{self._name} recoverable"] += 1
        if self._carver.is_marked(data) or (
            data[:4] == b"PK\x03\x04" and any(map(self._carver.is_marked, parts_of_zip(data)))
        ):
            self._counts[f"{self._name} marked"] += 1


def main(arguments: list[str]) -> int:
    """Look at the device behind a descriptor. Status 3 where The Sleuth Kit is not installed."""
    try:
        import pytsk3
    except ImportError:
        return 3
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    descriptor, starts = int(arguments[0]), [int(one) for one in arguments[1:]]

    class Image(pytsk3.Img_Info):  # type: ignore[misc]
        """The device behind the descriptor, for reading only."""

        def __init__(self) -> None:
            super().__init__(url="", type=pytsk3.TSK_IMG_TYPE_EXTERNAL)

        def read(self, offset: int, count: int) -> bytes:
            return os.pread(descriptor, count, offset)

        def get_size(self) -> int:
            return os.lseek(descriptor, 0, os.SEEK_END)

    image, counts, carver = Image(), Counter[str](), Carver()
    kinds = ("NTFS", "EXFAT", "FAT12", "FAT16", "FAT32", "EXT2", "EXT3", "EXT4")
    names = {int(getattr(pytsk3, f"TSK_FS_TYPE_{kind}")): kind.lower() for kind in kinds}
    for start in starts:
        try:
            system = pytsk3.FS_Info(image, offset=start)
            name = names.get(int(system.info.ftype), "other")
            _Walk(pytsk3, name, counts, carver).go(system.open_dir(path="/"), 0)
        except OSError:
            continue
    sys.stdout.write(json.dumps(dict(counts)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
