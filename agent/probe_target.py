"""The form in which an operator names the one address that may be probed (`agent.checks.isolation_probe`)."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Literal

_FORM = re.compile(r"(?:(tcp|dns):)?(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::(\d{1,5}))?")


class TargetMistake(ValueError):
    """What was named is no address that can be tried; says what to write instead."""


@dataclass(frozen=True, slots=True)
class Target:
    """An address, and how it is tried."""

    kind: Literal["tcp", "dns"]
    address: ipaddress.IPv4Address | ipaddress.IPv6Address
    port: int

    def __str__(self) -> str:
        host = f"[{self.address}]" if self.address.version == 6 else str(self.address)
        return f"{self.kind}:{host}:{self.port}"


def target(text: str) -> Target:
    """``tcp:198.51.100.1:443``, ``dns:198.51.100.1``, ``tcp:[2001:db8::1]:443``. Raises `TargetMistake`."""
    match = _FORM.fullmatch(text.strip())
    try:
        address = ipaddress.ip_address((match[2] or match[3]) if match else "")
    except ValueError as error:
        raise TargetMistake(
            "write tcp:ADDRESS:PORT or dns:ADDRESS, with a number for an address, not a name"
        ) from error
    kind: Literal["tcp", "dns"] = "dns" if match and match[1] == "dns" else "tcp"
    port = int((match and match[4]) or (53 if kind == "dns" else 0))
    if not 0 < port < 65536:
        raise TargetMistake("write the port too: tcp:ADDRESS:PORT")
    return Target(kind, address, port)
