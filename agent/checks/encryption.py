"""Encryption of disks, of swap and of removable media (PWD-09, CPC-06, MEDIA-17, NPC-12)."""

from __future__ import annotations

import re

from agent.checks import people, system
from agent.checks.base import CONFIDENTIAL, Check, Context, Fact, Result, cannot, fact, not_applicable, verdict
from agent.checks.tree import Tree
from agent.checks.windows import residues as windows
from signatures.controls import Text

NO_DISK = frozenset(
    {
        "tmpfs",
        "proc",
        "sysfs",
        "devtmpfs",
        "overlay",
        "squashfs",
        "iso9660",
        "nfs",
        "nfs4",
        "cifs",
        "swap",
        "fuse.lxcfs",
        "vfat",
        "none",
        "auto",
        "udf",
    }
)
REMOVABLE = re.compile(r"^/(media|run/media|mnt)/")


def _is_encrypted(tree: Tree, source: str, mapped: set[str]) -> bool:
    """Whether a source of fstab or mountinfo lies on dm-crypt, by crypttab or by what the kernel says of it."""
    name = source.rsplit("/", 1)[-1]
    if name in mapped:
        return True
    for folder in tree.glob("sys/block/dm-*"):
        known = (tree.read(f"{folder}/dm/name", 4096) or "").strip()
        if known == name or folder.endswith(f"/{name}"):
            return _crypt_below(tree, folder, 8)
    # A volume of LVM, named as group-volume, on a group that lies on an encrypted partition.
    return any(name.replace("--", "-").startswith(one) for one in mapped if one)


def _crypt_below(tree: Tree, folder: str, depth: int) -> bool:
    if (tree.read(f"{folder}/dm/uuid", 4096) or "").startswith("CRYPT-"):
        return True
    if depth == 0:
        return False
    below = tree.names(f"{folder}/slaves")
    return bool(below) and all(_crypt_below(tree, f"sys/block/{name}", depth - 1) for name in below)


def _mapped(tree: Tree) -> set[str]:
    """Names that crypttab gives to encrypted volumes."""
    return {line.split()[0] for line in tree.lines("etc/crypttab") if line.split()}


def _mounts(tree: Tree) -> list[tuple[str, str, str]]:
    """Source, mount point and type of every disk file system: of the kernel where it runs, else of fstab."""
    found = []
    if tree.live:
        found = [_mount(line) for line in (tree.read("proc/self/mountinfo") or "").splitlines()]
    else:
        for line in tree.lines("etc/fstab"):
            fields = line.split()
            if len(fields) >= 3:
                found.append((fields[0], fields[1], fields[2]))
    return [one for one in found if one[2] not in NO_DISK and not one[2].startswith(("fuse.", "cgroup"))]


def _disks(context: Context) -> Result:
    """Whether the file systems that hold the system and the homes lie on encrypted volumes."""
    tree = context.tree
    portable = system.is_portable(tree)
    if context.computer_class not in CONFIDENTIAL and portable is False:
        return not_applicable("台式计算机，且不属于涉密计算机", "a desk computer that is not confidential")
    mounts = [one for one in _mounts(tree) if one[1] in {"/", "/home", "/data", "/var", "/persistent", "/root"}]
    if not mounts:
        return cannot("无法得知系统盘", "the disks of the system cannot be told")
    mapped = _mapped(tree)
    wrong: list[Fact] = []
    right: list[Fact] = []
    for source, point, kind in dict.fromkeys(mounts):
        crypt = _is_encrypted(tree, source, mapped)
        one = fact(
            f"文件系统 {point}",
            f"file system {point}",
            f"{kind}, {'encrypted' if crypt else 'not encrypted'}",
            "encrypted",
        )
        (right if crypt else wrong).append(one)
    vaults = [one.name for one in people.homes(tree) if _has_vault(tree, one.home)]
    right += [fact("加密的个人目录", "encrypted home or vault", name) for name in vaults]
    return verdict(wrong, right)


def _has_vault(tree: Tree, home: str) -> bool:
    return any(tree.exists(f"{home}/{name}") for name in (".ecryptfs", ".config/vaultfs", ".local/share/plasma-vault"))


def _swap(context: Context) -> Result:
    """Whether memory is written to a swap area in the clear, hibernation included."""
    tree = context.tree
    mapped = _mapped(tree)
    areas: list[str] = []
    if tree.live:
        areas = [line.split()[0] for line in (tree.read("proc/swaps") or "").splitlines()[1:] if line.split()]
    else:
        areas = [
            line.split()[0] for line in tree.lines("etc/fstab") if len(line.split()) > 2 and line.split()[2] == "swap"
        ]
    clear = [area for area in areas if "zram" not in area and not _is_encrypted(tree, area, mapped)]
    return verdict(
        [fact("未加密的交换区", "swap in the clear", area, "encrypted") for area in clear],
        [fact("交换区数", "swap areas", len(areas))],
    )


def _media(context: Context) -> Result:
    """Removable media that are mounted now and not encrypted."""
    tree = context.tree
    mapped = _mapped(tree)
    found = removable(tree)
    if not found:
        return not_applicable("当前没有挂载移动介质", "no removable medium is mounted now")
    wrong = [
        fact("未加密的移动介质", "removable medium that is not encrypted", kind, "LUKS")
        for source, _, kind in found
        if not _is_encrypted(tree, source, mapped)
    ]
    return verdict(wrong, [fact("挂载的移动介质数", "removable media mounted", len(found))])


def removable(tree: Tree) -> list[tuple[str, str, str]]:
    """Source, mount point and type of the removable media that are mounted now."""
    mounts = [_mount(line) for line in (tree.read("proc/self/mountinfo") or "").splitlines()]
    return [one for one in mounts if REMOVABLE.match(one[1]) and one[0].startswith("/dev/")]


def _mount(line: str) -> tuple[str, str, str]:
    """Source, mount point and type of one line of mountinfo; octal escapes in names are undone."""
    before, _, after = line.partition(" - ")
    fields = before.split()
    kind, source = [*after.split(), "", ""][:2]
    point = fields[4] if len(fields) > 4 else ""
    return source, re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), point), kind


_STATE = Text(zh="挂载点、文件系统类型、是否加密", en="mount points, types of file systems, whether encrypted")

CHECKS = (
    Check(
        name="disk-encryption",
        controls=("PWD-09", "CPC-06", "NPC-12"),
        title=Text(zh="磁盘加密", en="Disks are encrypted"),
        remedy=Text(
            zh="用 LUKS 或经认可的产品加密系统盘和数据盘。",
            en="Encrypt the disks of system and data with LUKS or an approved product.",
        ),
        reads=("etc/crypttab", "etc/fstab", "proc/self/mountinfo", "sys/block/dm-*"),
        records=_STATE,
        look=_disks,
    ),
    Check(
        name="swap",
        controls=("CPC-06",),
        title=Text(zh="交换区加密或关闭", en="Swap is encrypted or off"),
        remedy=Text(
            zh="关闭交换区，或在 /etc/crypttab 中以随机密钥加密。",
            en="Turn swap off, or encrypt it with a random key in /etc/crypttab.",
        ),
        reads=("proc/swaps", "etc/fstab", "etc/crypttab"),
        records=_STATE,
        look=_swap,
        windows=windows.swap,
        classes=CONFIDENTIAL,
        extent="part",
    ),
    Check(
        name="media-encryption",
        controls=("MEDIA-17",),
        title=Text(zh="移动介质加密", en="Removable media are encrypted"),
        remedy=Text(zh="使用加密的专用介质。", en="Use dedicated media that are encrypted."),
        reads=("proc/self/mountinfo", "sys/block/dm-*"),
        records=_STATE,
        look=_media,
        live_only=True,
        extent="part",
    ),
)
