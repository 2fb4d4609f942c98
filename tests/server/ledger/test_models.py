"""How computers and media are named in lists."""

from __future__ import annotations

from server.ledger.models import Computer, Medium


def test_a_medium_is_named_by_what_is_printed_on_it() -> None:
    assert str(Medium(key="ab" * 32, vendor="Kingston", model="DT", serial_tail="7F3C")) == "Kingston DT 7F3C"
    assert str(Medium(key="ab" * 32, label="财务U盘")) == "财务U盘"
    assert str(Medium(key="ab" * 32)) == "abababab"


def test_a_computer_is_named_by_its_host_name() -> None:
    assert str(Computer(name="办公室-01")) == "办公室-01"
