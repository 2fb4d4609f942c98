"""Traces of earlier contact with networks, in trees modelled on real systems; and nothing where there was none."""

from __future__ import annotations

import gzip
import ipaddress
import lzma
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from agent.checks import traces, traces_logins, traces_usb
from agent.checks.base import Context, Result
from agent.checks.tree import Tree
from agent.settings import IsolationSettings, Settings
from protocol.records import CheckOutcome, ComputerClass

Plant = Callable[[dict[str, str | bytes]], Path]
DATA = Path(__file__).parent / "data"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SPRING = datetime(2026, 3, 4, 10, tzinfo=UTC).timestamp()
(CHECK,) = traces.CHECKS

DEBIAN = {
    "etc/os-release": 'ID=debian\nVERSION_ID="12"\n',
    "etc/passwd": "root:x:0:0:root:/root:/bin/bash\nli:x:1000:1000::/home/li:/bin/bash\n",
    "etc/network/interfaces": "auto lo\niface lo inet loopback\n",
    "var/lib/apt/lists/cdrom_%5bDebian%20GNU_Linux%2012%5d_dists_bookworm_Release": "Origin: Debian\n",
    "var/log/syslog": "2026-11-20T10:00:00.1+08:00 desk cron[1]: (root) CMD (run-parts)\n",
    "home/li/.bashrc": "alias ll='ls -l'\n",
}
UOS = {
    "etc/os-release": 'ID=uos\nID_LIKE=debian\nVERSION_ID="20"\n',
    "etc/passwd": "uos:x:1000:1000::/home/uos:/bin/bash\n",
    "etc/NetworkManager/system-connections/有线连接.nmconnection": (
        "[connection]\nid=有线连接\nuuid=11111111-1111-4111-8111-111111111111\ntype=ethernet\n\n[ipv4]\nmethod=auto\n"
    ),
    "var/lib/NetworkManager/NetworkManager.state": "[main]\nNetworkingEnabled=true\nWirelessEnabled=false\n",
    "var/log/kern.log": "Nov 20 10:00:00 uos kernel: [    0.000000] Linux version 4.19.0\n",
}
KYLIN = {
    "etc/os-release": 'ID=kylin\nID_LIKE=debian\nVERSION_ID="v10"\n',
    "etc/passwd": "kylin:x:1000:1000::/home/kylin:/bin/bash\n",
    "var/log/syslog": "Nov 20 10:00:00 kylin NetworkManager[700]: <info> manager: startup complete\n",
}
UBUNTU = {
    "etc/os-release": 'ID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\n',
    "etc/passwd": "wang:x:1000:1000::/home/wang:/bin/bash\n",
    "etc/netplan/01-network-manager-all.yaml": "network:\n  version: 2\n  renderer: NetworkManager\n",
    "var/lib/snapd/state.json": '{"data":{"snaps":{}},"changes":{}}',
}


def run(root: Path, since: date | None = None, **isolation: object) -> Result:
    settings = Settings(isolation=IsolationSettings(inspected_on=since, **isolation))  # type: ignore[arg-type]
    return CHECK.run(Context(tree=Tree(root), computer_class=ComputerClass.CONFIDENTIAL, settings=settings, now=NOW))


def counts(root: Path, since: date | None = None, **isolation: object) -> dict[str, int]:
    result = run(root, since, **isolation)
    return result.network.counts if result.network else {}


@pytest.mark.parametrize("system", [DEBIAN, UOS, KYLIN, UBUNTU], ids=["debian", "uos", "kylin", "ubuntu"])
def test_a_system_that_never_met_a_network_passes(plant: Plant, system: dict[str, str | bytes]) -> None:
    result = run(plant(system))
    assert (result.outcome, result.why) == (CheckOutcome.PASS, None)


def test_other_classes_may_have_been_on_a_network(plant: Plant) -> None:
    context = Context(tree=Tree(plant(DEBIAN)), computer_class=ComputerClass.INTERNET)
    assert CHECK.run(context).outcome is CheckOutcome.NOT_APPLICABLE


def test_a_debian_server_that_was_on_a_network_is_told(plant: Plant) -> None:
    lease = (
        'lease {\n  interface "eth0";\n  fixed-address 192.168.1.5;\n  option routers 192.168.1.1;\n'
        "  renew 3 2026/03/04 10:00:00;\n  expire 3 2026/03/04 22:00:00;\n}\n"
    )
    rotated = gzip.compress(
        b"2026-03-04T18:00:00+08:00 desk dhclient[7]: bound to 192.168.1.5 -- renewal in 9 seconds\n"
    )
    root = plant(
        {
            **DEBIAN,
            "var/lib/dhcp/dhclient.eth0.leases": lease + lease.replace("1.5", "1.9"),
            "var/lib/apt/lists/deb.debian.org_debian_dists_bookworm_InRelease": "Origin: Debian\n",
            "var/log/syslog.2.gz": rotated,
            "etc/apt/apt.conf.d/80proxy": 'Acquire::http::Proxy "http://203.0.113.9:3142";\n',
            "home/li/.ssh/known_hosts": "github.com ssh-ed25519 AAAA\n10.20.0.9 ssh-ed25519 AAAA\n",
        }
    )
    assert counts(root, allowed_networks=("10.20.0.0/16",)) == {
        "trace:lease": 2,
        "trace:log:lease": 1,
        "trace:packages:apt": 1,
        "trace:proxy:apt": 1,
        "trace:ssh": 1,
    }


def test_a_uos_desktop_that_was_on_wireless_is_told_without_the_name_of_the_network(plant: Plant) -> None:
    root = plant(
        {
            **UOS,
            "etc/NetworkManager/system-connections/家里.nmconnection": (
                "[connection]\nuuid=22222222-2222-4222-8222-222222222222\ntype=wifi\n[wifi]\nssid=229;174;182;\n"
            ),
            "var/lib/NetworkManager/timestamps": (
                f"[timestamps]\n11111111-1111-4111-8111-111111111111={SPRING:.0f}\n"
                f"22222222-2222-4222-8222-222222222222={SPRING:.0f}\n"
                f"33333333-3333-4333-8333-333333333333={SPRING:.0f}\n"
            ),
            "var/lib/NetworkManager/internal-11111111-eth0.lease": "ADDRESS=192.168.1.5\n",
            "var/lib/bluetooth/02:00:00:00:00:01/02:00:00:00:00:02/info": "[General]\nName=phone\n",
        }
    )
    result = run(root)
    assert result.network is not None
    assert result.network.counts == {
        "trace:bluetooth-pairing": 1,
        "trace:lease": 1,
        "trace:network-manager:used": 2,
        "trace:network-manager:wifi": 1,
    }
    assert result.network.newest["trace:network-manager:used"] == datetime.fromtimestamp(SPRING, UTC)
    told = repr(result)
    assert "家" not in told
    assert "192.168" not in told


def test_networks_that_are_named_in_the_settings_leave_no_traces_that_count(plant: Plant) -> None:
    root = plant(
        {
            **UOS,
            "etc/NetworkManager/system-connections/office.nmconnection": (
                "[connection]\nuuid=22222222-2222-4222-8222-222222222222\ntype=wifi\n[wifi]\nssid=office\n"
            ),
            "etc/wpa_supplicant/wpa_supplicant.conf": 'network={\n  ssid="office"\n}\n',
            "var/lib/iwd/office.psk": "[Security]\n",
            "var/lib/NetworkManager/internal-1-eth0.lease": "ADDRESS=10.20.3.4\n",
            "var/log/syslog": "2026-11-20T10:00:00+08:00 uos dhclient[7]: bound to 10.20.3.4 -- renewal in 9 seconds\n"
            "2026-11-20T10:00:00+08:00 uos kernel: e1000e: eth0 NIC Link is Up 1000 Mbps\n",
        }
    )
    allowed = {"allowed_networks": ("10.20.0.0/16",), "allowed_ssids": ("office",)}
    assert run(root, **allowed).outcome is CheckOutcome.PASS
    assert run(root).outcome is CheckOutcome.FAIL


def chromium(path: Path, *urls: str, at: float = SPRING) -> sqlite3.Connection:
    """A history as Chromium keeps it, and the connection that goes on using it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("CREATE TABLE urls(id INTEGER PRIMARY KEY, url TEXT, last_visit_time INTEGER NOT NULL)")
    for url in urls:
        database.execute("INSERT INTO urls(url, last_visit_time) VALUES (?, ?)", (url, int((at + 11644473600) * 1e6)))
    return database


def firefox(path: Path, *urls: str, at: float = SPRING) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("CREATE TABLE moz_places(id INTEGER PRIMARY KEY, url TEXT, last_visit_date INTEGER)")
    for url in urls:
        database.execute("INSERT INTO moz_places(url, last_visit_date) VALUES (?, ?)", (url, int(at * 1e6)))
    return database


VISITED = ("https://example.com/a?secret=1", "http://198.51.100.7/", "http://10.20.0.9/oa", "http://oa/", "file:///a")


def test_histories_are_counted_while_the_browsers_run_and_no_page_is_told(plant: Plant) -> None:
    root = plant(KYLIN)
    home = root / "home/kylin"
    histories = [
        chromium(home / ".config/chromium/Default/History", *VISITED),
        chromium(home / ".config/BraveSoftware/Brave-Browser/Profile 2/History", *VISITED),
        chromium(home / ".config/browser360/Default/History", "http://127.0.0.1:8000/", "chrome://version"),
        firefox(home / ".mozilla/firefox/x.default/places.sqlite", *VISITED),
        firefox(home / "snap/firefox/common/.mozilla/firefox/y.default/places.sqlite", *VISITED),
    ]
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in home.rglob("*") if path.is_file()}
    result = run(root, allowed_networks=("10.20.0.0/16",))
    assert result.network is not None
    assert result.network.counts == {"trace:browser:chromium": 4, "trace:browser:firefox": 4}
    assert set(result.network.newest.values()) == {datetime.fromtimestamp(SPRING, UTC)}
    assert "example" not in repr(result)
    assert {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in home.rglob("*") if path.is_file()} == before
    for history in histories:
        history.close()


def test_what_is_older_than_the_last_inspection_is_not_told_again(plant: Plant) -> None:
    root = plant(KYLIN)
    with closing(firefox(root / "home/kylin/.mozilla/firefox/x.default/places.sqlite", "https://example.com/")):
        assert counts(root, date(2026, 3, 4)) == {"trace:browser:firefox": 1}
        assert run(root, date(2026, 3, 5)).outcome is CheckOutcome.PASS


def test_an_ubuntu_desktop_is_told_by_snap_recent_files_and_file_manager(plant: Plant) -> None:
    recent = (
        '<xbel version="1.0">\n<bookmark href="smb://user@198.51.100.7/share/x.docx" added="2026-03-04T10:00:00.1Z" '
        'modified="2026-03-04T10:00:00.1Z" visited="2026-03-04T10:00:00.123456Z">\n</bookmark>\n'
        '<bookmark href="file:///home/wang/a.odt" visited="2026-03-04T10:00:00Z"></bookmark>\n</xbel>\n'
    )
    root = plant(
        {
            **UBUNTU,
            "var/lib/snapd/state.json": '{"data":{"last-refresh":"2026-03-04T10:00:00+08:00"},"changes":{}}',
            "home/wang/.local/share/recently-used.xbel": recent,
            "home/wang/.local/share/gvfs-metadata/smb-share:server=nas,share=public": b"\xda\x1ameta",
            "home/wang/.local/share/gvfs-metadata/smb-share:server=nas,share=public-1234.log": b"x",
            "home/wang/.local/share/gvfs-metadata/home": b"x",
            "etc/netplan/50-wifi.yaml": "network:\n  wifis:\n    wlan0:\n      access-points: {}\n",
        }
    )
    assert counts(root) == {
        "trace:file-manager": 1,
        "trace:packages:snap": 1,
        "trace:recent-files": 1,
        "trace:wireless": 1,
    }


def login(address: str, kind: int = 7) -> bytes:
    packed = ipaddress.ip_address(address).packed if address else b""
    return traces_logins.RECORD.pack(
        kind, 700, b"pts/0", b"ts/0", b"li", address.encode(), 0, 0, 0, int(SPRING), 0, packed.ljust(16, b"\0")
    )


def test_logins_over_a_network_are_told_and_those_at_the_keyboard_are_not(plant: Plant) -> None:
    rows = (login("198.51.100.7"), login("2400:3200::1"), login("10.20.0.9"), login(""), login("198.51.100.7", 8))
    root = plant({"var/log/wtmp": b"".join(rows), "var/log/wtmp.2.gz": gzip.compress(login("198.51.100.8"))})
    assert counts(root, allowed_networks=("10.20.0.0/16",)) == {"trace:remote-login": 3}
    (root / "var/log/wtmp.2.gz").unlink()
    assert run(plant({"var/log/wtmp": login("")})).outcome is CheckOutcome.PASS


def test_fetches_by_dnf_from_outside_are_told_and_those_from_inside_are_not(plant: Plant) -> None:
    log = (
        "2026-03-04T10:00:00+0800 INFO Downloading: https://mirrors.example.com/repo/repodata/repomd.xml\n"
        "2026-03-04T10:00:01+0800 INFO Downloading: http://10.20.0.5/repo/repodata/repomd.xml\n"
        "2026-03-04T10:00:02+0800 INFO Downloading: http://mirror/repo/repodata/repomd.xml\n"
    )
    root = plant({"etc/os-release": "ID=openEuler\n", "var/log/dnf.librepo.log": log})
    assert counts(root, allowed_networks=("10.20.0.0/16",)) == {"trace:packages:dnf": 1}


@pytest.mark.parametrize("kind", ["compact", "regular"])
def test_a_systemd_journal_is_read_in_both_of_its_layouts(plant: Plant, kind: str) -> None:
    journal = lzma.decompress((DATA / f"{kind}.journal.xz").read_bytes())
    root = plant({**UBUNTU, "var/log/journal/0123456789abcdef/system.journal": journal})
    assert counts(root) == {
        "trace:log:internet": 2,
        "trace:log:lease": 1,
        "trace:log:usb-link": 1,
        "trace:log:wireless": 1,
    }
    assert "trace:log:lease" not in counts(root, allowed_networks=("192.168.1.0/24",))


def test_a_journal_of_the_future_shows_that_the_clock_was_set_back(plant: Plant) -> None:
    journal = bytearray(lzma.decompress((DATA / "regular.journal.xz").read_bytes()))
    journal[192:200] = int(datetime(2031, 1, 1, tzinfo=UTC).timestamp() * 1e6).to_bytes(8, "little")
    root = plant({**UBUNTU, "var/log/journal/0123456789abcdef/system.journal": bytes(journal)})
    assert counts(root)["trace:clock-set-back"] == 1


def test_journals_whose_times_go_back_while_their_numbers_go_on_show_it_too(plant: Plant) -> None:
    first = bytearray(lzma.decompress((DATA / "regular.journal.xz").read_bytes()))
    later = bytearray(first)
    later[168:176] = (500).to_bytes(8, "little")
    for place, day in ((184, 1), (192, 2)):
        later[place : place + 8] = int(datetime(2026, 10, day, tzinfo=UTC).timestamp() * 1e6).to_bytes(8, "little")
    files = {"system.journal": bytes(later), "system@1.journal": bytes(first)}
    root = plant({**UBUNTU, **{f"var/log/journal/0123456789abcdef/{name}": data for name, data in files.items()}})
    assert counts(root)["trace:clock-set-back"] == 1


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2 << 30)


def fifo(path: Path) -> None:
    os.mkfifo(path)


def loop(path: Path) -> None:
    path.symlink_to(path.name)


def not_a_database(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\0" + os.urandom(20000))


def a_view_without_end(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute(
            "CREATE VIEW moz_places AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) "
            "SELECT 'https://a.example/' AS url, x AS last_visit_date FROM n"
        )


def strange_values(path: Path) -> None:
    with closing(firefox(path)) as database:
        database.execute("INSERT INTO moz_places(url, last_visit_date) VALUES (x'ff', 9223372036854775807)")


def bomb(path: Path) -> None:
    path.write_bytes(gzip.compress(bytes(1 << 28), 1))


def cut(path: Path) -> None:
    path.write_bytes(gzip.compress(os.urandom(50000))[:30000])


def rubbish(path: Path) -> None:
    path.write_bytes(b"\xff\xfe[[[=\0" * 1000)


FIREFOX, SYSLOG, JOURNAL = (
    *("home/li/.mozilla/firefox/x.default/places.sqlite", "var/log/syslog.1", "var/log/journal/0/system.journal"),
)
HOSTILE: list[tuple[str, Callable[[Path], None]]] = [
    *((SYSLOG, make) for make in (sparse, fifo, loop, bomb, cut)),
    *((JOURNAL, make) for make in (sparse, fifo, loop, rubbish)),
    *((FIREFOX, make) for make in (sparse, fifo, loop, not_a_database, a_view_without_end, strange_values, rubbish)),
    *(("var/lib/snapd/state.json", make) for make in (sparse, fifo, loop, rubbish)),
    *(("var/lib/dhcp/dhclient.leases", make) for make in (sparse, fifo, loop)),
    *(("etc/NetworkManager/system-connections/x", make) for make in (sparse, fifo, loop, rubbish)),
    *(("home/li/.local/share/recently-used.xbel", make) for make in (sparse, fifo, loop)),
    *(("var/log/wtmp", make) for make in (sparse, fifo, loop, cut)),
    ("var/log", loop),
    ("home", loop),
]


@pytest.mark.parametrize(
    ("name", "make"), HOSTILE, ids=[f"{make.__name__}-{name.rpartition('/')[2]}" for name, make in HOSTILE]
)
def test_a_hostile_file_costs_an_error_with_its_reason_and_nothing_else(
    plant: Plant, name: str, make: Callable[[Path], None]
) -> None:
    root = plant({"etc/os-release": "ID=debian\n"})
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    make(root / name)
    result = run(root)
    assert result.outcome is CheckOutcome.ERROR
    assert result.why is not None
    assert result.facts
    assert all(fact.what.zh and fact.what.en for fact in result.facts)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("home/li/.local/share/recently-used.xbel", "<bookmark " * 1_000_000),
        ("var/lib/dhcp/dhclient.leases", "lease {" * 500_000),
        ("etc/netplan/50-x.yaml", "\n" * 1_000_000),
        ("etc/wpa_supplicant/x.conf", "\n" * 1_000_000),
        ("var/log/dnf.librepo.log", "2026-03-04T10:00:00Z " + "Downloading: " * 1_000_000),
        ("var/log/kern.log", ("1" * 8000 + " register 'rndis_host'\n") * 500),
        ("home/li/.ssh/known_hosts", "[" * 500_000 + "]:1" * 100_000 + " ssh-rsa AAAA\n"),
        ("etc/environment", "export " * 30_000 + " " * 40_000),
        ("etc/NetworkManager/system-connections/x", "[connection]\n" + "a=b\n b\n" * 100_000),
    ],
)
def test_text_made_to_keep_its_reader_busy_does_not(plant: Plant, name: str, text: str) -> None:
    """What takes longer than a moment here would take minutes, and the suite's own limit ends it."""
    root = plant({name: text})
    assert run(root).outcome in {CheckOutcome.PASS, CheckOutcome.FAIL}
    (usb,) = traces_usb.CHECKS
    assert usb.run(Context(tree=Tree(root), computer_class=ComputerClass.CONFIDENTIAL)).outcome is CheckOutcome.PASS


def test_a_number_that_is_none_costs_its_file_alone(plant: Plant) -> None:
    root = plant({"var/lib/NetworkManager/timestamps": "a=" + "9" * 5000 + "\n"})
    result = run(root)
    assert result.outcome is CheckOutcome.ERROR
    assert [fact.seen for fact in result.facts] == ["var/lib/NetworkManager/timestamps"]


def test_a_file_that_cannot_be_read_does_not_hide_what_the_others_tell(plant: Plant) -> None:
    root = plant({"var/lib/NetworkManager/internal-1-eth0.lease": "ADDRESS=192.168.1.5\n", "var/lib/snapd/x": ""})
    fifo(root / "var/lib/snapd/state.json")
    result = run(root)
    assert result.outcome is CheckOutcome.FAIL
    assert [fact.seen for fact in result.facts][-1] == "var/lib/snapd/state.json"
    assert result.network is not None
    assert result.network.counts == {"trace:lease": 1}


def test_links_of_an_offline_tree_do_not_lead_into_this_system(plant: Plant) -> None:
    root = plant({"etc/os-release": "ID=debian\n"})
    (root / "var").mkdir()
    (root / "var/log").symlink_to("/etc")
    assert run(root).outcome is CheckOutcome.PASS
