"""Fuzz targets of mail: whatever bytes come, its readers end with pieces or with a reason."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest

from agent.scanning.formats.ole_objects import compound_file


def eml() -> list[bytes]:
    plain = "Subject: =?utf-8?B?5py65a+G?=\r\nX-Level: SECRET\r\n\r\n机密★10年\r\n".encode()
    parts = (
        b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html; "
        b"charset=gbk\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p>=BB=FA=C3=DC</p>\r\n--b\r\n"
        b"Content-Type: application/pdf; name*0*=gbk''%BB%FA; name*1=x\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        b"JVBERg==\r\n--b--\r\n"
    )
    return [plain, parts, b"Subject: x\r\n\r\nbegin 644 a.txt\r\n#86)C\r\n`\r\nend\r\n"]


def msg() -> list[bytes]:
    rich = b"{\\rtf1 \\'bb\\'fa}"
    packed = struct.pack("<II4sI", len(rich) + 12, len(rich), b"MELA", 0) + rich
    real = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
    )
    table = bytes(32) + struct.pack("<HHIQ", 3, 0x3FFD, 6, 936) + struct.pack("<HHIQ", 3, 0x36, 6, 3)
    inner = ("__attach_version1.0_#00000000", "__substg1.0_3701000D")
    return [
        compound_file(
            [
                (("__properties_version1.0",), table),
                (("__substg1.0_0037001F",), "机密".encode("utf-16-le")),
                (("__substg1.0_1000001E",), "机密★10年".encode("gbk")),
                (("__substg1.0_10090102",), body),
                (("__nameid_version1.0",), None),
                (("__nameid_version1.0", "__substg1.0_00030102"), struct.pack("<IHH", 0, 7, 0)),
                (("__nameid_version1.0", "__substg1.0_00040102"), struct.pack("<I", 4) + b"x\0y\0"),
                (("__substg1.0_8000001F",), "机密".encode("utf-16-le")),
                (inner[:1], None),
                ((inner[0], "__properties_version1.0"), bytes(8) + struct.pack("<HHIQ", 3, 0x3705, 6, 5)),
                (inner, None),
                ((*inner, "__substg1.0_0037001F"), b"x\0"),
            ]
        )
        for body in (packed, real)
    ]


def tnef() -> list[bytes]:
    def attribute(number: int, value: bytes, level: int = 1) -> bytes:
        return struct.pack("<BII", level, number, len(value)) + value + b"\0\0"

    value = "机密".encode("utf-16-le")
    told = struct.pack("<IHHII", 2, 0x1F, 0x37, 1, len(value)) + value
    told += struct.pack("<HH", 0x1F, 0x8001) + bytes(16) + struct.pack("<II", 1, 4) + b"x\0\0\0"
    told += struct.pack("<II", 1, len(value)) + value
    stream = struct.pack("<IH", 0x223E9F78, 1) + attribute(0x69007, struct.pack("<II", 936, 0))
    stream += attribute(0x2800C, "机密".encode("gbk")) + attribute(0x69003, told)
    return [stream + attribute(0x69002, bytes(14), 2) + attribute(0x6800F, b"text", 2) + attribute(0x69005, told, 2)]


def p7m() -> list[bytes]:
    signed = bytes.fromhex("308006092a864886f70d010702a0803080020101310030800609") + bytes.fromhex(
        "2a864886f70d010701a08024800408746573740d0a31320000000000000000000000000000"
    )
    return [signed, b"MIAGCSqGSIb3DQEHAqCAMIACAQExADCABgkqhkiG9w0BBwGggCSABAR0ZXN0AAAAAAAA"]


MAKERS: dict[str, Callable[[], list[bytes]]] = {
    "eml": eml,
    "mbox": lambda: [b"From a Mon\nSubject: 1\n\n>From here\n\nFrom b\n\nx\n"],
    "msg": msg,
    "tnef": tnef,
    "p7m": p7m,
}


@pytest.mark.parametrize("name", MAKERS)
def test_no_bytes_break_the_reader(name: str, fuzz: Callable[[str, list[bytes]], list[str]]) -> None:
    assert fuzz(name, MAKERS[name]()) == []
