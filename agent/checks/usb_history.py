"""Devices that were attached over USB, wherever that was read, against those that are registered (CPC-11, NPC-01)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from agent.checks.base import Context, Fact, Result, cannot, fact, manual, verdict
from protocol.records import ComputerClass

KINDS: dict[str, tuple[str, str]] = {
    "storage": ("存储设备", "storage"),
    "network": ("手机网络共享或上网卡", "tethering telephone or modem"),
    "other": ("其他设备", "other device"),
}


@dataclass(slots=True)
class Attached:
    """One device as the logs tell of it."""

    vendor: str
    product: str
    serial: str = ""
    kind: str = "other"
    first: datetime | None = None
    last: datetime | None = None
    times: int = 0

    @property
    def mark(self) -> str:
        """``vendor:product:serial``, as registered in ``media_allowed``."""
        return f"{self.vendor}:{self.product}:{self.serial}".rstrip(":").lower()

    @property
    def shown(self) -> str:
        """The same with the last four of the serial, and the days it was seen first and last."""
        tail = f":…{self.serial[-4:]}" if self.serial else ""
        days = " – ".join(dict.fromkeys(f"{at:%Y-%m-%d}" for at in (self.first, self.last) if at))
        return f"{self.vendor}:{self.product}{tail} ×{self.times} {days}".rstrip()


def judged(context: Context, devices: Iterable[Attached], remembered: list[Fact], troubles: list[Fact]) -> Result:
    """The devices of a history against those that are registered."""
    allowed = {mark.lower() for mark in context.parameters.media_allowed}
    wrong: list[Fact] = []
    right: list[Fact] = []
    for device in devices:
        zh, en = KINDS[device.kind]
        known = device.mark.lower() in allowed or f"{device.vendor}:{device.product}" in allowed
        one = fact(f"曾接入的 USB 设备：{zh}", f"was attached over USB: {en}", device.shown, "registered")
        (right if known or device.kind == "other" else wrong).append(one)
    right += remembered
    if wrong and not allowed and context.computer_class is not ComputerClass.CONFIDENTIAL:
        return manual("请与介质台帐核对", "compare with the register of media", *wrong, *right, *troubles)
    if wrong:
        return verdict([*wrong, *troubles], right)
    if troubles:
        return cannot("部分日志无法读取", "some of the logs could not be read", *troubles, *right)
    return verdict([], right)
