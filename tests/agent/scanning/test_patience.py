"""While a scan runs, its thread waits for a free processor, and takes back its place afterwards."""

from __future__ import annotations

import os

import pytest

from agent.scanning.patience import patiently

pytestmark = pytest.mark.skipif(not hasattr(os, "SCHED_BATCH"), reason="this system has no such policy")


def test_the_thread_of_a_scan_does_not_break_in_on_others_and_is_as_before_when_it_ends() -> None:
    before = os.sched_getscheduler(0)
    with patiently():
        assert os.sched_getscheduler(0) == os.SCHED_BATCH
    assert os.sched_getscheduler(0) == before == os.SCHED_OTHER


def test_whoever_has_another_policy_already_keeps_it() -> None:
    os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    try:
        with patiently():
            pass
        assert os.sched_getscheduler(0) == os.SCHED_BATCH
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
