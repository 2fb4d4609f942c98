"""Until when makers mend their systems: as the system itself tells, else as its maker announced (SEC-03).

The dates below were compared in November 2026 with what stands beside them; a system that is not here is *manual*.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import date

from agent.checks.tree import Tree

DISTRO_INFO = "usr/share/distro-info"
"""Where Debian's package distro-info-data, kept up with security updates, tells of releases of Debian and Ubuntu."""
_COLUMNS = {"debian": ("eol-lts", "eol"), "ubuntu": ("eol-server", "eol")}
"""Distribution → the columns of its table that hold the last day of updates that cost nothing, best first."""

ANNOUNCED: Mapping[tuple[str, str], date] = {
    # distro-info-data 0.58+deb12u7: end of long-term support
    ("debian", "9"): date(2022, 6, 30),
    ("debian", "10"): date(2024, 6, 30),
    ("debian", "11"): date(2026, 8, 31),
    ("debian", "12"): date(2028, 6, 30),
    ("debian", "13"): date(2030, 6, 30),
    # distro-info-data 0.58+deb12u7: end of standard support
    ("ubuntu", "16.04"): date(2021, 4, 30),
    ("ubuntu", "18.04"): date(2023, 5, 31),
    ("ubuntu", "20.04"): date(2025, 5, 29),
    ("ubuntu", "22.04"): date(2027, 6, 1),
    ("ubuntu", "24.04"): date(2029, 5, 31),
    ("ubuntu", "26.04"): date(2031, 5, 29),
    # the announcement of December 2020 that ended CentOS Linux
    ("centos", "6"): date(2020, 11, 30),
    ("centos", "7"): date(2024, 6, 30),
    ("centos", "8"): date(2021, 12, 31),
    # access.redhat.com/support/policy/updates/errata: end of maintenance support
    ("rhel", "7"): date(2024, 6, 30),
    ("rhel", "8"): date(2029, 5, 31),
    ("rhel", "9"): date(2032, 5, 31),
    # wiki.rockylinux.org/rocky/version; what AlmaLinux said at its first release
    ("rocky", "8"): date(2029, 5, 31),
    ("rocky", "9"): date(2032, 5, 31),
    ("almalinux", "8"): date(2029, 3, 1),
    ("almalinux", "9"): date(2032, 5, 31),
}
"""(ID, VERSION_ID) → last day of updates that cost nothing beyond the product itself."""


def end_of_linux(tree: Tree, told: Mapping[str, str]) -> tuple[date, str] | None:
    """Last day of updates of a system by its os-release, and who says so; None where nobody is known to.

    Raises `Unreadable`.
    """
    given = _day(told.get("SUPPORT_END", ""))
    if given:
        return given, "os-release"
    name, version = told.get("ID", "").lower(), told.get("VERSION_ID", "")
    columns = _COLUMNS.get(name)
    if columns and version:
        listed = _listed(tree.lines(f"{DISTRO_INFO}/{name}.csv"), version, columns)
        if listed:
            return listed, "distro-info-data"
    end = ANNOUNCED.get((name, version)) or ANNOUNCED.get((name, version.partition(".")[0]))
    return (end, "mijian") if end else None


def _listed(lines: list[str], version: str, columns: tuple[str, ...]) -> date | None:
    for row in csv.DictReader(lines):
        if (row.get("version") or "").removesuffix(" LTS") == version:
            return next((day for name in columns if (day := _day(row.get(name) or ""))), None)
    return None


def _day(word: str) -> date | None:
    try:
        return date.fromisoformat(word)
    except ValueError:
        return None


Ends = tuple[date | None, date | None, date | None]
"""Last day of updates of a build: Home and Pro; Enterprise and Education; LTSC and servers. None: no such edition."""

_XP, _SEVEN, _TEN = date(2014, 4, 8), date(2020, 1, 14), date(2025, 10, 14)
WINDOWS: Mapping[int, Ends] = {
    2600: (_XP, _XP, None),
    3790: (None, None, date(2015, 7, 14)),
    6002: (date(2017, 4, 11), date(2017, 4, 11), _SEVEN),
    7601: (_SEVEN, _SEVEN, _SEVEN),
    9200: (date(2016, 1, 12), date(2016, 1, 12), date(2023, 10, 10)),
    9600: (date(2023, 1, 10), date(2023, 1, 10), date(2023, 10, 10)),
    10240: (date(2017, 5, 9), date(2017, 5, 9), _TEN),
    14393: (date(2018, 4, 10), date(2019, 4, 9), date(2026, 10, 13)),
    17763: (date(2020, 11, 10), date(2021, 5, 11), date(2029, 1, 9)),
    18363: (date(2021, 5, 11), date(2022, 5, 10), None),
    19041: (date(2021, 12, 14), date(2021, 12, 14), None),
    19042: (date(2022, 5, 10), date(2023, 5, 9), None),
    19043: (date(2022, 12, 13), date(2022, 12, 13), None),
    19044: (date(2023, 6, 13), date(2024, 6, 11), date(2027, 1, 12)),
    19045: (_TEN, _TEN, None),
    20348: (None, None, date(2031, 10, 14)),
    22000: (date(2023, 10, 10), date(2024, 10, 8), None),
    22621: (date(2024, 10, 8), _TEN, None),
    22631: (date(2025, 11, 11), date(2026, 11, 10), None),
    26100: (date(2026, 10, 13), date(2027, 10, 12), date(2029, 10, 9)),
    26200: (date(2027, 10, 12), date(2028, 10, 10), None),
    28000: (date(2028, 3, 14), date(2029, 3, 13), None),
}
"""Build → its ends, as told at learn.microsoft.com/lifecycle and /windows/release-health; what is paid for is not."""

SERVERS: Mapping[int, date] = {14393: date(2027, 1, 12), 26100: date(2034, 11, 14)}
"""Build → end of Windows Server, where that is not the end of the LTSC of the same build."""
DEVICES: Mapping[int, date] = {19044: date(2032, 1, 13), 26100: date(2034, 10, 10)}
"""Build → end of IoT Enterprise LTSC, where that is later than that of Enterprise LTSC."""


def end_of_windows(build: int, edition: str) -> date | None:
    """Last day of updates of a build and edition (``EditionID``); None where it is not known here."""
    ends = WINDOWS.get(build)
    if ends is None:
        return None
    word = edition.lower()
    if word.startswith("server"):
        return SERVERS.get(build, ends[2])
    if word.startswith("iotenterprises"):
        return DEVICES.get(build, ends[2])
    if word.startswith("enterprises"):  # EnterpriseS is the LTSC, EnterpriseSN its form without media programs
        return ends[2]
    return ends[1] if "enterprise" in word or "education" in word else ends[0]
