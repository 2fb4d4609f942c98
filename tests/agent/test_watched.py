from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.reporting.outbox import Outbox
from agent.settings import FilesSettings
from agent.watched import WORD, Watched

DAY = 86_400.0


@pytest.mark.parametrize(("ahead", "told"), [(-DAY, {"new.txt"}), (DAY, {"old.txt", "new.txt"})])
def test_what_changed_while_no_agent_ran_is_told_also_where_the_clock_was_set_back_meanwhile(
    state: Path, tmp_path: Path, wait_for: Any, monkeypatch: pytest.MonkeyPatch, ahead: float, told: set[str]
) -> None:
    """Where the moment that was noted is still to come, nothing can be told by times: everything is looked at."""
    state.mkdir()
    outbox = Outbox(state)
    outbox.remember(WORD, str(time.time() + ahead))
    work = tmp_path / "work"
    work.mkdir()
    for name in ("old.txt", "new.txt"):
        (work / name).write_text("x")
    lstat = os.lstat

    def long_ago(path: str) -> os.stat_result:
        """One of the files was last changed ten days ago, which no test can have for real."""
        status = lstat(path)
        earlier = status.st_mtime - 10 * DAY
        return os.stat_result((*status[:7], earlier, earlier, earlier)) if path.endswith("old.txt") else status

    monkeypatch.setattr("agent.watching.files.os.lstat", long_ago)
    found: list[str] = []
    watched = Watched(
        FilesSettings(watch=(str(work),), settle_seconds=0.1),
        outbox,
        lambda paths, done: (found.extend(paths), done())[1],
    )
    stop = threading.Event()
    thread = threading.Thread(target=watched.run, args=(stop, lambda _: None))
    thread.start()
    wait_for(lambda: {Path(path).name for path in found} >= told)
    stop.set()
    thread.join()
    outbox.close()
    assert {Path(path).name for path in found} == told


def test_an_agent_that_is_ended_in_its_first_seconds_begins_again_where_it_began(
    state: Path, tmp_path: Path, wait_for: Any
) -> None:
    state.mkdir()
    outbox = Outbox(state)
    work = tmp_path / "work"
    work.mkdir()
    settings = FilesSettings(watch=(str(work),), settle_seconds=0.1)
    told: list[str] = []

    def runs(until: Callable[[], object]) -> None:
        """One agent whose scans never end, until something is so."""
        stop = threading.Event()
        watched = Watched(settings, outbox, lambda paths, done: told.extend(paths))
        thread = threading.Thread(target=watched.run, args=(stop, lambda count: None))
        thread.start()
        try:
            wait_for(until)
        finally:
            stop.set()
            thread.join()

    runs(lambda: outbox.word(WORD) and (work / "new.txt").write_text("x") and told)
    told.clear()
    runs(lambda: told)
    outbox.close()
    assert Path(told[0]).name == "new.txt"
