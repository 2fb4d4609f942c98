from __future__ import annotations

import os
import threading
import time
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


def test_from_the_first_start_on_it_is_known_since_when_changes_are_scanned(state: Path, tmp_path: Path) -> None:
    """Else an agent that is ended while it gets ready for the first time would begin later than it began."""
    state.mkdir()
    outbox = Outbox(state)
    known: list[str] = []
    stop = threading.Event()

    def failed(_count: int) -> None:
        """Told before the first change is."""
        known.append(outbox.word(WORD))
        stop.set()

    settings = FilesSettings(watch=(str(tmp_path / "missing"),), settle_seconds=0.1)
    Watched(settings, outbox, lambda paths, done: None).run(stop, failed)
    outbox.close()
    (moment,) = map(float, known)
    assert 0 <= time.time() - moment < 600
