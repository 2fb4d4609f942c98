"""The bar that a person sees while ``mijian scan`` works: files, bytes, speed and time left."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from agent import words
from agent.scanning.walk import Found, MissingPath, Walk

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from agent.scanning.pipeline import Progress

PREPARING = ("准备规则（规则首次使用时需编译，仅此一次）", "preparing rules (new ones are compiled, once)")
"""Stands there until the first file was looked at."""
PER_FILE = 20_000
"""A file costs about as much as reading so many bytes, whatever its size: what the time left is reckoned in."""


class Watch:
    """Shows progress on stderr where that is a terminal, and nothing elsewhere. A context manager.

    A second walk runs ahead in a thread of its own and only counts, so that the time left can be told.
    """

    def __init__(self, paths: Sequence[str], cross_file_systems: bool, *, shown: bool) -> None:
        self._walk = Walk(paths, cross_file_systems)
        self._shown = shown and sys.stderr.isatty()
        self._bar: Bar | None = None
        self._task: TaskID | None = None
        self._files = 0
        self._bytes = 0
        self._counted = False
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def progress(self) -> Callable[[Progress], None] | None:
        """What to hand to the scanner; None where nobody watches."""
        return None if self._bar is None else self._show

    def __enter__(self) -> Watch:
        if not self._shown:
            return self
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[told]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task(words.text(*PREPARING), total=None, told="")
        self._bar.start()
        self._thread = threading.Thread(target=self._count, name="count", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()
        if self._bar is not None:
            self._bar.stop()

    def _count(self) -> None:
        try:
            for met in self._walk:
                if self._over.is_set():
                    return
                self._files += 1
                self._bytes += met.status.st_size if isinstance(met, Found) else 0
        except MissingPath:
            return  # the scan itself tells it
        self._counted = True

    def _show(self, progress: Progress) -> None:
        if self._bar is None or self._task is None:
            return
        task = self._bar.tasks[0]
        elapsed = task.elapsed or 0.0
        speed = progress.bytes / elapsed if elapsed else 0.0
        more = "" if self._counted else "+"
        size = f"{words.size(progress.bytes)}/{words.size(self._bytes)}{more}"
        files, found = f"{progress.files}/{self._files}{more}", progress.summary.finding
        told = words.text(
            f"{files} 个文件 · {size} · {words.size(speed)}/秒 · {found} 个有发现",
            f"{files} files · {size} · {words.size(speed)}/s · {found} with findings",
        )
        self._bar.update(
            self._task,
            description=words.text("扫描", "scanning"),
            completed=progress.bytes + PER_FILE * progress.files,
            total=self._bytes + PER_FILE * self._files if self._counted else None,
            told=told,
        )
