"""Fuzz targets of archives: whatever bytes come, their readers end with pieces or with a reason."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

DATA = Path(__file__).parents[1] / "agent" / "scanning" / "formats" / "data"


def tar(form: int) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name in ("机密.txt", "a" * 90 + "/" + "b" * 60, "folder/b"):
            info = tarfile.TarInfo(name)
            info.size = 4
            archive.addfile(info, io.BytesIO(b"text"))
    return out.getvalue()


def tars() -> list[bytes]:
    return [tar(form) for form in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)]


def zips() -> list[bytes]:
    found = []
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", method) as archive:
            archive.writestr("机密/a.txt", "text " * 50)
            with archive.open("b.txt", "w", force_zip64=True) as member:
                member.write(b"text")
        # No plain zip at its start, so that its own structure is changed and not only what is in it.
        found.append(b"MZ" + out.getvalue())
    return found


def compressed() -> list[bytes]:
    inside = tars()[0][:3000]
    packers = (gzip.compress, bz2.compress, lzma.compress, zstandard.compress)
    seldom = [(DATA / f"numbers.txt.{ending}").read_bytes()[:2000] for ending in ("Z", "lz", "lz4")]
    return [*(pack(data) for pack in packers for data in (inside, b"text " * 100)), *seldom]


MAKERS: dict[str, Callable[[], list[bytes]]] = {
    "zip": zips,
    "tar": tars,
    "compressed": compressed,
    "archive": lambda: [(DATA / "small.7z").read_bytes(), b"070701" + b"0" * 104 + b"TRAILER!!!\0\0\0\0"],
    "disk": lambda: [gzip.decompress((DATA / f"{kind}.img.gz").read_bytes()) for kind in ("fat12", "ext", "ntfs")],
    "not_read": lambda: [b"!BDN" + bytes(600), b"\0", bytes(600)],
}


@pytest.mark.parametrize("name", MAKERS)
def test_no_bytes_break_the_reader(name: str, fuzz: Callable[[str, list[bytes]], list[str]]) -> None:
    assert fuzz(name, MAKERS[name]()) == []
