"""Files that hold text nobody can reach from here, each with the reason and what to do instead."""

from __future__ import annotations

from collections.abc import Iterator

from agent.scanning.formats.base import NotExamined, Piece, Reading, Source
from protocol.records import Reason

NAME = "not_read"
MEDIA_TYPES = (
    "application/vnd.ms-outlook-pst",
    "application/x-cloud-placeholder",
    "application/x-encrypted-disk-image",
    "application/x-qemu-disk",
    "application/x-vmdk-disk",
    "application/x-vhd-disk",
    "application/x-vhdx-disk",
    "application/x-virtualbox-disk",
    "image/heif",
)
LIMITS: dict[str, int] = {}
LIMITATIONS = (
    "Outlook's data files (.pst, .ost) are not read: export the mail, or let the agent scan the mailbox's computer.",
    "What lies only in a cloud is not fetched.",
    "Disks of virtual machines (QCOW2, VMDK, VHDX, VDI, growing VHD) are not read: make raw images of them.",
    "HEIC and AVIF pictures are not read: save them as JPEG (no decoder with a permissive licence).",
)

_VIRTUAL = (
    (b"QFI\xfb", "QEMU, QCOW2"),
    (b"KDMV", "VMware, VMDK"),
    (b"COWD", "VMware, VMDK"),
    (b"vhdxfile", "Hyper-V, VHDX"),
    (b"conectix", "Virtual PC, growing VHD"),
    (b"<<< Oracle VM", "VirtualBox, VDI"),
)


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:  # noqa: ARG001 - the form of every format
    """Raises `NotExamined` with the reason: ``unsupported``, ``placeholder`` or ``encrypted``."""
    head = source.head(512)
    if head.startswith(b"!BDN"):
        kind = "before 2003" if int.from_bytes(head[10:12], "little") in (14, 15) else "since 2003"
        raise NotExamined(Reason.UNSUPPORTED, f"Outlook data file ({kind}) of {source.size} bytes: export its mail")
    if head.startswith(b"LUKS\xba\xbe") or head[3:11] == b"-FVE-FS-":
        raise NotExamined(Reason.ENCRYPTED, "an encrypted disk image (LUKS or BitLocker)")
    for magic, kind in _VIRTUAL:
        if head.startswith(magic):
            raise NotExamined(Reason.UNSUPPORTED, f"a disk of a virtual machine ({kind}): make it a raw image")
    if head[4:8] == b"ftyp":
        raise NotExamined(Reason.UNSUPPORTED, "a HEIC or AVIF picture: save it as JPEG")
    if not _is_stub(head):
        raise NotExamined(Reason.UNSUPPORTED, "a data file of Outlook, by its name: export its mail")
    raise NotExamined(Reason.PLACEHOLDER, "a placeholder of a file that lies in a cloud")


def _is_stub(head: bytes) -> bool:
    """Whether the bytes are those of a placeholder, whichever name it has."""
    return len(head) <= 1 or head.startswith((b"bplist00", b"<?xml")) or head.lstrip().startswith(b"{")


def is_placeholder(name: str, head: bytes) -> bool:
    """Whether a small file only stands for one in a cloud: by the ending of its name and by what little it holds."""
    ending = name.rpartition(".")[2].lower()
    if ending in ("nextcloud", "owncloud"):
        return len(head) <= 1
    if ending == "icloud":
        return head.startswith((b"bplist00", b"<?xml"))
    return ending in _GOOGLE and head.lstrip().startswith(b"{") and (b'"doc_id"' in head or b'"url"' in head)


_GOOGLE = frozenset({"gdoc", "gsheet", "gslides", "gdraw", "gform", "gtable"})
