"""The two networks: where text stands in a picture, and what it says. They come in the package rapidocr.

None of that package's code is run: it can fetch other models from the network, which nothing of ours may.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

_METADATA, _KEY, _VALUE = 14, 1, 2
"""Fields of ModelProto and StringStringEntryProto (onnx.proto3)."""
_VARINT, _EIGHT_BYTES, _BYTES, _FOUR_BYTES = 0, 1, 2, 5


class ModelsMissing(Exception):
    """The package is not installed or does not hold the networks we know. ``str()`` says what is missing."""


class Models(NamedTuple):
    """Files of the two networks, and the characters that the second one tells apart, in the order of its output."""

    detector: Path
    recogniser: Path
    characters: tuple[str, ...]


def find() -> Models:
    """The networks of the installed package. Raises `ModelsMissing`."""
    spec = find_spec("rapidocr")
    folder = Path(spec.origin).parent / "models" if spec is not None and spec.origin else None
    if folder is None or not folder.is_dir():
        raise ModelsMissing("the package rapidocr, which holds the models, is not installed")
    detector, recogniser = _one(folder, "*_det_*.onnx"), _one(folder, "*_rec_*.onnx")
    try:
        said = metadata(recogniser.read_bytes()).get("character", "")
    except (IndexError, ValueError) as error:
        raise ModelsMissing(f"{recogniser.name} is no ONNX model") from error
    if not said:
        raise ModelsMissing(f"{recogniser.name} does not say which characters it reads")
    return Models(detector, recogniser, tuple(said.split("\n")))


def _one(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    if not found:
        raise ModelsMissing(f"the package rapidocr holds no model {pattern}")
    return found[-1]


def metadata(model: bytes) -> dict[str, str]:
    """Keys and values that an ONNX file says of itself. Raises IndexError or ValueError where it is none."""
    found: dict[str, str] = {}
    for number, value in _fields(model):
        if number == _METADATA and isinstance(value, bytes):
            entry = dict(_fields(value))
            key, text = entry.get(_KEY, b""), entry.get(_VALUE, b"")
            if isinstance(key, bytes) and isinstance(text, bytes):
                found[key.decode("utf-8")] = text.decode("utf-8")
    return found


def _fields(message: bytes) -> Iterator[tuple[int, bytes | int]]:
    """Number and value of each field of a protobuf message."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        kind = tag & 7
        if kind == _VARINT:
            value, at = _varint(message, at)
            yield tag >> 3, value
            continue
        if kind == _BYTES:
            size, at = _varint(message, at)
        elif kind in (_EIGHT_BYTES, _FOUR_BYTES):
            size = 8 if kind == _EIGHT_BYTES else 4
        else:
            raise ValueError("no protobuf message")
        if at + size > len(message):
            raise ValueError("the message ends too soon")
        yield tag >> 3, message[at : at + size]
        at += size


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at
        if shift > 63:
            raise ValueError("no protobuf number")
