"""Office documents behind a password (MS-OFFCRYPTO): opened where the password is one that Office itself puts in.

Excel encrypts a workbook whose structure is protected with a password that everybody knows, and so nobody has to type
it; such a file is as open as any other. All others end as ``encrypted``, with the kind of encryption named.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from agent.scanning.formats import format_for, ole_properties
from agent.scanning.formats.base import MiB, NotExamined, Piece, Reading, Source
from agent.scanning.formats.careful_xml import parsed
from agent.scanning.formats.office_keys import MOST_SPINS, Agile, Lock, Standard
from agent.scanning.formats.ole import CompoundFile
from agent.scanning.formats.ooxml import local
from agent.scanning.identify import identify
from protocol.records import Reason

NAME = "ole_encrypted"
MEDIA_TYPES = ("application/x-ole-encrypted-package",)
LIMITS = {"bytes": 256 * MiB, "rounds of hashing": MOST_SPINS}
LIMITATIONS = (
    "Only passwords that Office puts in by itself are tried.",
    "Of the ciphers only AES is opened; RC2, DES and the like are told as encrypted.",
)
PASSWORDS = ("VelvetSweatshop", "/01Hannes Ruescher/01")
"""What Excel and PowerPoint use where nobody has typed one (MS-OFFCRYPTO 2.4.2.3 and PowerPoint's own)."""
_PACKAGE, _INFO = "EncryptedPackage", "EncryptionInfo"
_RIGHTS = "DRMEncryptedTransform"


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield what the reader of the document inside yields, where a known password opens it.

    Raises `NotExamined` ``encrypted`` with the kind of encryption in its detail where none does.
    """
    file = CompoundFile(source)
    yield from ole_properties.worthy_passages(ole_properties.read_properties(file), reading)
    if any(_RIGHTS in entry.name for entry in file):
        raise NotExamined(Reason.ENCRYPTED, "rights management")
    lock = _lock(file.read(_INFO, limit=MiB))
    for password in PASSWORDS:
        key = lock.key(password)
        if key is not None:
            break
    else:
        raise NotExamined(Reason.ENCRYPTED, f"{lock.kind}, a password is needed")
    packed = file.read(_PACKAGE, limit=LIMITS["bytes"])
    reading.budget.spend(len(packed))
    inside = Source.of(lock.opened(key, packed))
    reader = format_for(identify(inside, "").media_type)
    if reader is None:
        raise NotExamined(Reason.UNSUPPORTED, "what was encrypted is no document")
    yield from reader.pieces(inside, reading)
    if file.damaged:
        raise NotExamined(Reason.DAMAGED, "a part of the document is damaged")


def _lock(info: bytes) -> Lock:
    """How the package is encrypted. Raises `NotExamined` where that cannot be told or is of a kind not read."""
    if len(info) < 8:
        raise NotExamined(Reason.DAMAGED, "the description of the encryption is damaged")
    major, minor = struct.unpack_from("<HH", info)
    try:
        if minor == 2:
            return Standard.read(info)
        if (major, minor) == (4, 4):
            return _agile(info[8:])
    except (ValueError, struct.error):
        raise NotExamined(Reason.ENCRYPTED, "a kind of encryption that is not known") from None
    raise NotExamined(Reason.ENCRYPTED, f"extensible encryption {major}.{minor}")


def _agile(xml: bytes) -> Agile:
    root, _ = parsed(xml)
    found: dict[str, dict[str, str]] = {"keyData": {}, "encryptedKey": {}}
    for each in () if root is None else root.iter():
        name = local(each)
        if name in found and not found[name]:
            found[name] = {str(key).rpartition("}")[2]: str(value) for key, value in each.items()}
    return Agile.read(found["keyData"], found["encryptedKey"])
