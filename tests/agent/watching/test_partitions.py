from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.settings import MediaSettings
from agent.watching.media import MediaWatch, MediumGone, MediumMounted
from agent.watching.mount_tables import mount_table
from agent.watching.mounts import MountTable, fixed_roots
from agent.watching.partitions import Partitions
from agent.watching.waiting import Stop

KEY = bytes(32)


@pytest.fixture
def partitions() -> Any:
    table = Partitions(tick_seconds=0.02)
    yield table
    table.close()


def test_where_the_kernel_s_table_cannot_be_read_psutil_s_list_stands_in_for_it(tmp_path: Path) -> None:
    table = mount_table(tmp_path / "hidden")
    assert isinstance(table, Partitions)
    assert "/" in {mount.path for mount in table.read()}
    table.close()


def test_it_knows_the_places_and_types_that_the_kernel_s_own_table_has(partitions: Partitions) -> None:
    kernel = MountTable()
    known = {(mount.path, mount.filesystem) for mount in kernel.read()}
    kernel.close()
    listed = partitions.read()
    assert {(mount.path, mount.filesystem) for mount in listed} <= known
    assert "/" in fixed_roots(listed, ())


def test_without_a_change_a_wait_ends_in_its_time_and_at_a_stop(partitions: Partitions) -> None:
    assert not partitions.wait(Stop(), 0.1)
    stop = Stop()
    threading.Timer(0.05, stop.set).start()
    assert not partitions.wait(stop, 60)


@pytest.mark.root
def test_a_stick_that_comes_and_goes_is_told_by_it_as_by_the_kernel(
    partitions: Partitions, stick: Callable[[], Any]
) -> None:
    one = stick().format("PSUTIL")
    watch = MediaWatch(MediaSettings(loop_devices=True, phones=False), KEY)
    mine = lambda events: [one for one in events if one.attached.medium.label == "PSUTIL"]  # noqa: E731
    assert mine(watch.step(partitions.read())) == []
    one.insert()
    assert partitions.wait(Stop(), 60)
    (came,) = mine(watch.step(partitions.read()))
    kernel = MountTable()
    (known,) = [seen for seen in watch.look(kernel.read()).values() if seen.medium.label == "PSUTIL"]
    kernel.close()
    assert isinstance(came, MediumMounted)
    assert (came.attached.key, came.attached.path, came.attached.medium) == (known.key, known.path, known.medium)
    one.remove()
    assert partitions.wait(Stop(), 60)
    (gone,) = mine(watch.step(partitions.read()))
    assert isinstance(gone, MediumGone)
