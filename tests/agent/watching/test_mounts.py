from __future__ import annotations

import pytest

from agent.watching.mounts import Mount, MountTable, below, fixed_roots, on_servers, parse

LINE = rb"42 27 8:1 / /media/my\040stick\134x rw,relatime shared:1 master:2 - vfat /dev/sdb1 rw,utf8"


def test_a_mount_is_read_with_its_escapes_and_optional_fields() -> None:
    assert parse(LINE) == [Mount(42, "8:1", "/", "/media/my stick\\x", "vfat", "/dev/sdb1", "rw,relatime", "rw,utf8")]


def test_a_name_that_is_not_utf8_is_kept() -> None:
    assert parse(b"1 1 8:1 / /m/\xb9\xfa rw - vfat /dev/x rw")[0].path == "/m/\udcb9\udcfa"


def test_lines_of_another_shape_are_left_out() -> None:
    assert parse(b"\nnonsense\n1 2 3:4 / - \n" + LINE + b"\n")[0].id == 42


def test_this_computer_s_own_table_holds_the_root() -> None:
    table = MountTable()
    assert "/" in {mount.path for mount in table.read()}
    assert table.read() == table.read()
    table.close()


def table(*lines: str) -> list[Mount]:
    """Mounts, each given as ``major:minor root path type source``."""
    found = []
    for number, line in enumerate(lines):
        device, root, path, filesystem, source = line.split()
        found.append(Mount(number, device, root, path, filesystem, source, "rw", "rw"))
    return found


@pytest.mark.parametrize(
    ("mounts", "roots"),
    [
        (table("8:1 / / ext4 /dev/sda1", "8:2 / /home xfs /dev/sda2", "0:5 / /proc proc proc"), ["/", "/home"]),
        # Subvolumes of one btrfs, as of openSUSE and Fedora: each is walked for itself.
        (
            table(
                "0:30 /@/.snapshots/1/snapshot / btrfs /dev/sda2",
                "0:30 /@/home /home btrfs /dev/sda2",
                "8:1 / /boot/efi vfat /dev/sda1",
            ),
            ["/", "/boot/efi", "/home"],
        ),
        # A root that is a part of a disk, as of systems that are updated as a whole; the whole is mounted beside.
        (
            table("8:2 /deploy/1 / ext4 /dev/sda2", "8:2 / /sysroot ext4 /dev/sda2", "8:2 /var /var ext4 /dev/sda2"),
            ["/", "/sysroot"],
        ),
        (table("0:40 / / overlay overlay", "8:3 / /data ext4 /dev/sda3"), ["/", "/data"]),
        (table("0:25 / / zfs rpool/ROOT", "0:26 / /home zfs rpool/home"), ["/", "/home"]),
        # In memory lies what people put there, and what the system does.
        (
            table(
                "8:1 / / ext4 /dev/sda1", "0:9 / /tmp tmpfs tmpfs", "0:7 / /dev/shm tmpfs tmpfs", "0:8 / /run tmpfs t"
            ),
            ["/", "/dev/shm", "/tmp"],
        ),
        # A share is scanned where it is at home; programs of a package hold no documents.
        (
            table("8:1 / / ext4 /dev/sda1", "0:50 / /mnt/s nfs4 srv:/s", "7:1 / /snap/x squashfs /dev/loop1"),
            ["/"],
        ),
        # A medium that is mounted twice is a medium in both places.
        (
            table("8:1 / / ext4 /dev/sda1", "8:17 / /media/stick vfat /dev/sdb1", "8:17 / /mnt/too vfat /dev/sdb1"),
            ["/"],
        ),
    ],
)
def test_a_scheduled_scan_looks_at_each_of_the_computers_own_file_systems_once(
    mounts: list[Mount], roots: list[str]
) -> None:
    assert fixed_roots(mounts, ["/media/stick"]) == roots


def test_folders_on_shares_and_mounts_below_folders_are_told_apart() -> None:
    mounts = table(
        "8:1 / / ext4 /dev/sda1",
        "0:50 / /home nfs4 srv:/home",
        "0:51 / /home/li/ram tmpfs tmpfs",
        "0:52 / /home/li/.cache/gvfs fuse.gvfsd-fuse gvfsd-fuse",
        "0:53 / /homes tmpfs tmpfs",
    )
    assert below(["/home"], mounts) == ["/home/li/ram"]
    assert on_servers(["/home", "/home/li/ram", "/srv"], mounts) == ["/home"]
