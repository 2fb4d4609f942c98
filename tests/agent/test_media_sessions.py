"""What happens to media in real life, through the whole service: pulled, partitioned, locked, back again, two at once.

Loop devices stand for sticks. Others may have media on this computer meanwhile: each is told by its label.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent import cli
from agent.scanning.ledger import UNSETTLED
from agent.settings import FilesSettings, MediaSettings
from protocol.places import unseal
from protocol.policy import filesystem_uuid_hash
from protocol.records import FileEvidence, MediaSessionSeen, ScanDone, ViolationSeen

MARKED = "机密★10年\n\n关于召开会议的通知\n".encode()
COUNT = 800
"""Files on a medium that is pulled before all of them are read."""
MEDIA = MediaSettings(loop_devices=True, phones=False)


class House:
    """A collector, an agent and media with a label of their own."""

    def __init__(self, collector: Any, wait_for: Any, start: Callable[..., Any]) -> None:
        self.collector, self.wait_for, self.start = collector, wait_for, start
        self.label = uuid.uuid4().hex[:8]

    def of(self, kind: type[Any], label: str = "") -> list[Any]:
        """Records of a kind about media whose label begins with ours."""
        mine = [one for one in self.collector.records if isinstance(one, kind) and one.medium]
        return [one for one in mine if one.medium.label.startswith(label or self.label)]

    def names(self, label: str = "") -> list[str]:
        """Names of the files that violations were reported of, doubled ones twice."""
        seen = self.of(ViolationSeen, label)
        return sorted(
            unseal(one.evidence.sealed_place, self.collector.reveal).path
            for one in seen
            if isinstance(one.evidence, FileEvidence)
        )

    def scans(self, count: int, label: str = "") -> list[ScanDone]:
        """The sums of scans, once there are so many; each adds up."""
        self.wait_for(lambda: len(self.of(ScanDone, label)) >= count)
        scans = self.of(ScanDone, label)
        for scan in scans:
            assert scan.enumerated == scan.clean + scan.finding + scan.not_examined
            assert sum(scan.reasons.values()) == scan.not_examined
        return scans

    def ends(self, count: int) -> None:
        """Wait until so many sessions have ended."""
        self.wait_for(lambda: len([seen for seen in self.of(MediaSessionSeen) if seen.ended_at]) >= count)


@pytest.fixture
def house(media_to_itself: None, collector: Any, service_state: Path, running: Any, quick: Any, wait_for: Any) -> House:
    collector.enrolled(service_state)

    def start(files: FilesSettings | None = None, **more: Any) -> Any:
        """Start the agent, with these settings about media."""
        return running(
            quick(service_state, media=msgspec.structs.replace(MEDIA, **more), files=files or FilesSettings())
        )

    return House(collector, wait_for, start)


def put(one: Any, label: str, files: dict[str, bytes]) -> Any:
    """A formatted stick with files on it, not inserted."""
    one.format(label).insert()
    for name, content in files.items():
        (one.path / name).write_bytes(content)
    one.remove()
    return one


@pytest.mark.root
def test_a_medium_pulled_in_mid_scan_reports_what_it_saw_and_the_rest_as_vanished(
    house: House, stick: Callable[[], Any]
) -> None:
    files = {f"{number}.txt": MARKED + str(number).encode() for number in range(COUNT)}
    one = put(stick(), house.label, files)
    house.start()
    one.insert()
    house.wait_for(lambda: len(house.of(ViolationSeen)) > 5)
    subprocess.run(["umount", "--lazy", str(one.path)], check=True)
    (scan,) = house.scans(1)
    assert not scan.complete
    assert scan.enumerated == COUNT
    assert set(scan.reasons) == {"vanished"}
    house.ends(1)
    assert len(house.names()) == len(set(house.names())) == scan.finding


@pytest.mark.root
def test_two_media_at_once_are_both_scanned_each_under_its_own_session(house: House, stick: Callable[[], Any]) -> None:
    one = put(stick(), f"{house.label}-1", {"甲.txt": MARKED, "乙.txt": b"hello"})
    two = put(stick(), f"{house.label}-2", {"丙.txt": MARKED})
    house.start()
    one.insert()
    two.insert()
    scans = house.scans(2)
    assert {(scan.enumerated, scan.finding) for scan in scans} == {(2, 1), (1, 1)}
    assert len({scan.session for scan in scans}) == 2
    assert house.names(f"{house.label}-1") == ["甲.txt"]
    assert house.names(f"{house.label}-2") == ["丙.txt"]


@pytest.mark.root
def test_what_is_copied_to_a_medium_after_it_was_scanned_is_scanned_too(
    house: House, stick: Callable[[], Any], tmp_path: Path
) -> None:
    one, clean = put(stick(), house.label, {"旧.txt": MARKED}), b"hello"
    house.start()
    one.insert()
    house.scans(1)
    (one.path / "新.txt").write_bytes(MARKED)
    (one.path / "夹").mkdir()
    (one.path / "夹" / "深.txt").write_bytes(MARKED)
    (one.path / "无.txt").write_bytes(clean)
    house.wait_for(lambda: set(house.names()) == {"夹/深.txt", "新.txt", "旧.txt"})
    (one.path / "无.txt").write_bytes(clean + MARKED)
    house.wait_for(lambda: set(house.names()) == {"夹/深.txt", "新.txt", "旧.txt", "无.txt"})
    one.remove()
    house.ends(1)
    assert len({seen.session for seen in house.of(MediaSessionSeen)}) == 1
    assert len(house.names()) == 4, "and none of them twice"


@pytest.mark.root
def test_a_medium_mounted_in_a_watched_folder_is_told_as_a_medium_alone(
    house: House, stick: Callable[[], Any], tmp_path: Path
) -> None:
    one = put(stick(), house.label, {"旧.txt": MARKED})
    house.start(files=FilesSettings(watch=(str(tmp_path),), settle_seconds=0.2))
    one.insert()
    house.scans(1)
    (one.path / "新.txt").write_bytes(MARKED)
    house.wait_for(lambda: house.names() == ["新.txt", "旧.txt"])
    (tmp_path / "本机.txt").write_bytes(MARKED)
    fixed = lambda: [one for one in house.collector.records if isinstance(one, ViolationSeen) and not one.medium]  # noqa: E731
    house.wait_for(fixed)
    assert [seen.control for seen in fixed()] == ["NPC-01"], "the file on the computer's own disk and no other"
    assert house.names() == ["新.txt", "旧.txt"]


@pytest.mark.root
def test_of_the_same_stick_back_again_only_what_has_changed_is_read(
    house: House, stick: Callable[[], Any], tmp_path: Path
) -> None:
    one = put(stick(), house.label, {"旧.txt": MARKED})
    time.sleep(UNSETTLED)  # a file of this very moment may still change under the same time
    house.start()
    for count in (1, 2):
        one.insert()
        (scan,) = house.scans(count)[count - 1 :]
        assert scan.finding == 1, "the old file, and later what was known of it"
        one.remove()
        house.ends(count)
        # No file system would do this: the bytes of a file change, and neither its size nor any of its times does.
        one.image.write_bytes(one.image.read_bytes().replace(MARKED, b"x" * len(MARKED)))
    (tmp_path / "new").write_bytes(MARKED)
    run("debugfs", "-w", "-R", f"write {tmp_path}/new 新.txt", str(one.image))
    one.insert()
    assert house.scans(3)[2].finding == 2
    assert house.names() == ["新.txt", "旧.txt", "旧.txt", "旧.txt"]


@pytest.mark.root
def test_a_medium_mounted_in_a_second_place_while_it_is_scanned_is_told_once(
    house: House, stick: Callable[[], Any], tmp_path: Path
) -> None:
    one = put(stick(), house.label, {f"{number}.txt": MARKED + str(number).encode() for number in range(40)})
    other = tmp_path / "other"
    other.mkdir()
    house.start()
    one.insert()
    subprocess.run(["mount", "--bind", str(one.path), str(other)], check=True)
    try:
        house.scans(1)
        unmount(one.path)
        house.scans(2)  # it goes on in the other place, and nothing is told twice
    finally:
        unmount(other)
    house.ends(1)
    assert len({seen.session for seen in house.of(MediaSessionSeen)}) == 1
    assert len(house.names()) == len(set(house.names())) == 40


@pytest.mark.root
def test_a_medium_that_is_mounted_otherwise_or_moved_to_another_place_goes_on_under_its_session(
    house: House, stick: Callable[[], Any], tmp_path: Path
) -> None:
    one = put(stick(), house.label, {f"{number}.txt": MARKED.replace(b"10", b"%d" % number) for number in range(1, 21)})
    house.start()
    one.insert()
    house.wait_for(lambda: len(house.of(MediaSessionSeen)) == 1)
    subprocess.run(["mount", "-o", "remount,ro", one.path], check=True)
    place = tmp_path / "另处"
    place.mkdir()
    subprocess.run(["mount", "--make-private", one.path], check=True)
    subprocess.run(["mount", "--move", one.path, place], check=True)
    house.wait_for(lambda: len(house.names()) == 20)
    unmount(place)
    house.ends(1)
    sessions = house.of(MediaSessionSeen)
    assert len({seen.session for seen in sessions}) == 1
    assert [seen.ending for seen in sessions if seen.ended_at] == ["unmounted"]
    assert len(house.names()) == 20, "each of them once"


@pytest.mark.root
def test_the_partitions_of_a_medium_are_each_scanned(house: House, stick: Callable[[], Any], tmp_path: Path) -> None:
    disk = partitioned(tmp_path, house.label)
    house.start()
    with disk as places:
        for number, place in enumerate(places):
            (place / f"第{number}区.txt").write_bytes(MARKED)
        house.wait_for(lambda: len(set(house.names())) == 2)
    house.ends(2)
    assert house.names() == ["第0区.txt", "第1区.txt"]


@pytest.mark.root
@pytest.mark.parametrize("kind", ["luks1", "luks2"])
def test_a_locked_container_is_told_as_not_examined_with_its_kind(
    house: House, tmp_path: Path, kind: str, wait_for: Any
) -> None:
    image = tmp_path / "locked.img"
    with image.open("wb") as file:
        file.truncate(24 * 1024 * 1024)
    (tmp_path / "key").write_bytes(b"not a secret")
    cheap = ("--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000", "--batch-mode")
    run("cryptsetup", "luksFormat", "--type", kind, *cheap, str(image), str(tmp_path / "key"))
    known = filesystem_uuid_hash(house.collector.organisation_key, run("cryptsetup", "luksUUID", str(image)))
    house.start()
    device = run("losetup", "--find", "--show", str(image))

    def of(kind: type[Any]) -> list[Any]:
        mine = [one for one in house.collector.records if isinstance(one, kind) and one.medium]
        return [one for one in mine if one.medium.filesystem_uuid_hash == known]

    try:
        wait_for(lambda: of(ScanDone))
        (scan,) = of(ScanDone)
        assert (scan.enumerated, scan.not_examined, scan.reasons) == (1, 1, {"encrypted": 1})
        assert scan.medium.filesystem == "crypto_LUKS"
    finally:
        run("losetup", "--detach", device)
    wait_for(lambda: [seen for seen in of(MediaSessionSeen) if seen.ending == "removed"])


def accesses(house: House) -> list[tuple[str, str]]:
    """How a held medium was told to stand, in order."""
    return [(seen.hold, seen.access) for seen in house.of(MediaSessionSeen) if seen.access]


@pytest.mark.root
@pytest.mark.parametrize(("unknown", "access"), [("read-only", "read-only"), ("block", "unmounted")])
def test_an_unknown_medium_is_held_until_a_scan_has_found_nothing(
    house: House, stick: Callable[[], Any], unknown: str, access: str
) -> None:
    one = put(stick(), house.label, {"平常.txt": b"hello"})
    house.start(unknown=unknown)
    one.insert()
    house.wait_for(lambda: len(accesses(house)) == 2)
    assert accesses(house) == [(unknown, access), ("", "writable")]
    assert house.scans(1)[0].clean == 1
    assert (one.path / "平常.txt").exists()
    (one.path / "neu.txt").write_text("x")
    one.remove()
    house.ends(1)
    assert len({seen.session for seen in house.of(MediaSessionSeen)}) == 1


@pytest.mark.root
@pytest.mark.parametrize("unknown", ["read-only", "block"])
def test_a_medium_with_a_finding_stays_held_until_it_is_approved(
    house: House, stick: Callable[[], Any], unknown: str
) -> None:
    one = put(stick(), house.label, {"涉密.txt": MARKED})
    service = house.start(unknown=unknown)
    one.insert()
    (scan,) = house.scans(1)
    assert (scan.enumerated, scan.finding) == (1, 1)
    assert house.names() == ["涉密.txt"]
    assert [told for told, _ in accesses(house)] == [unknown]
    assert cli.main(["media", "--release", "--state", service.settings.state_dir]) == 0
    house.wait_for(lambda: len(accesses(house)) == 2)
    assert accesses(house)[-1] == ("", "writable")
    assert (one.path / "涉密.txt").read_bytes() == MARKED
    house.wait_for(lambda: len(house.of(MediaSessionSeen)) >= 3)


def unmount(place: Path) -> None:
    """As a person does: tried again where the medium is in use just now."""
    until = time.monotonic() + 60
    while subprocess.run(["umount", str(place)], capture_output=True, check=False).returncode:
        assert time.monotonic() < until, "it cannot be unmounted"
        time.sleep(0.05)


@contextmanager
def partitioned(folder: Path, label: str) -> Iterator[list[Path]]:
    """A disk with two partitions with a file system each, mounted."""
    image = folder / "disk.img"
    with image.open("wb") as file:
        file.truncate(24 * 1024 * 1024)
    table = "label: dos\nsize=10M, type=83\nsize=10M, type=83\n"
    run("sfdisk", "-q", str(image), said=table)
    device = run("losetup", "--find", "--show", str(image))
    mounted: list[Path] = []
    try:
        run("partx", "--add", device)
        for number in (1, 2):
            node = f"{device}p{number}"
            run("mkfs.ext4", "-q", "-L", f"{label}-{number}", node)
            place = folder / f"part{number}"
            place.mkdir()
            run("mount", node, str(place))
            mounted.append(place)
        yield mounted
    finally:
        for place in mounted:
            unmount(place)
        run("partx", "--delete", device)
        run("losetup", "--detach", device)


def run(*command: str, said: str | None = None) -> str:
    """Run a tool of the system; what it printed. Skips where it is not installed."""
    path = shutil.which(command[0], path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if path is None:
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run([path, *command[1:]], check=True, capture_output=True, text=True, input=said)
    return done.stdout.strip()
