"""A computer that is not registered, or with another class, fails; nothing but the last of its serial is told."""

from __future__ import annotations

from collections.abc import Callable

from agent.checks.base import Context, Registration
from agent.checks.families import checks
from protocol.records import CheckOutcome, ComputerClass, Level

Make = Callable[..., Context]
CHECK = checks()["registered"]


def registration(context: Context, computer_class: ComputerClass, level: Level | None) -> Registration:
    return Registration(
        agent="0199a0b0-0000-7000-8000-000000000001",
        computer_class=computer_class,
        level=level,
        enrolled_at=context.now,
        collector="Headquarters",
    )


def test_a_registered_computer_passes(make: Make) -> None:
    about = registration(make(), ComputerClass.CONFIDENTIAL, Level.SECRET)
    result = CHECK.run(make(computer_class="confidential", registration=about))
    assert result.outcome is CheckOutcome.PASS


def test_one_that_nobody_registered_fails(make: Make) -> None:
    assert CHECK.run(make()).outcome is CheckOutcome.FAIL


def test_another_class_or_a_missing_level_fails(make: Make) -> None:
    about = registration(make(), ComputerClass.INTERNET, None)
    assert CHECK.run(make(computer_class="internal", registration=about)).outcome is CheckOutcome.FAIL
    about = registration(make(), ComputerClass.CONFIDENTIAL, None)
    assert CHECK.run(make(computer_class="confidential", registration=about)).outcome is CheckOutcome.FAIL


def test_of_the_serial_only_the_last_four_are_told(make: Make) -> None:
    files = {"sys/class/dmi/id/product_serial": "PF2ABCD1234\n"}
    about = registration(make(), ComputerClass.INTERNAL, None)
    context = make(files=files, registration=about)
    context.tree.live = True
    told = " ".join(one.seen for one in CHECK.run(context).facts)
    assert "…1234" in told
    assert "ABCD" not in told
