"""Ids are unique, sort by time and are of version 7."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from protocol.ids import canonical, minted, uuid7


def test_ids_of_one_process_never_repeat_and_always_rise() -> None:
    ids = [uuid7() for _ in range(20_000)]
    assert ids == sorted(set(ids))


def test_ids_minted_together_rise_and_lie_between_those_before_and_after() -> None:
    before, together, after = uuid7(), [canonical(digits) for digits in minted(5000)], uuid7()
    every = [before, *together, after]
    assert every == sorted(set(every))
    assert {(uuid.UUID(each).version, uuid.UUID(each).variant) for each in together} == {(7, uuid.RFC_4122)}
    assert minted(0) == []


def test_ids_of_many_threads_never_repeat() -> None:
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda _: uuid7(), range(20_000)))
    assert len(set(ids)) == len(ids)


def test_an_id_is_a_uuid_of_version_7_that_carries_its_time() -> None:
    before = time.time_ns() // 1_000_000
    made = uuid.UUID(uuid7())
    after = time.time_ns() // 1_000_000
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert before <= made.int >> 80 <= after + 1
