"""Whose turn it is: one at a time, and the next one's when the first is gone."""

from __future__ import annotations

import threading

from django.db import connections

from server.intake.turns import turn_to_work


def test_a_second_one_waits_until_the_first_is_gone() -> None:
    said: list[bool] = []

    def ask() -> None:
        with turn_to_work() as mine:
            said.append(mine())
        connections.close_all()

    def ask_elsewhere() -> bool:
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
        return said.pop()

    with turn_to_work() as mine:
        assert mine()
        assert not ask_elsewhere()
    assert ask_elsewhere()
