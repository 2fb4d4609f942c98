"""The envelope: one signed, sealed, sequenced report. The HTTP body and the file on a stick are these same bytes.

Layout::

    MIJIAN\\x01\\n | u32 header length | header (JSON) | u64 body length | sealed body | 64 bytes Ed25519 signature

The header is readable, so that a collector can tell who sent it before it decrypts anything; it is bound into
the seal (HPKE ``info``) and, with everything else, signed. The body is HPKE(zstd(JSON Lines)).
"""

from __future__ import annotations

import hashlib
import io
import struct
from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec
import zstandard
from cryptography.exceptions import InvalidSignature, InvalidTag

from protocol import keys
from protocol.records import RECORDS_VERSION, ComputerClass, Record, decode_record, encode_record

MAGIC = b"MIJIAN\x01\n"
FORMAT = "mijian-envelope/1"
MEDIA_TYPE = "application/vnd.mijian.envelope"
FIRST_PREVIOUS = "0" * 64
"""``previous`` of an agent's first envelope."""
MAX_HEADER = 4096
MAX_ENVELOPE = 8 * 1024 * 1024
"""Bytes of a whole envelope; a larger one is refused before it is read."""
MAX_BODY = 64 * 1024 * 1024
"""Bytes of the body once expanded; more is a bomb."""


class EnvelopeError(Exception):
    """An envelope that cannot be taken. ``reason`` is one of the fixed words below, ``str()`` says it to people."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """The readable part: who, which one in the row, for whom, how sealed."""

    format: str
    records: int
    """Version of the record set (`protocol.records.RECORDS_VERSION`)."""
    agent: str
    sequence: int
    """1 for an agent's first envelope, then one more each."""
    previous: str
    """`Envelope.digest` of the one before; makes gaps, replays and reordering visible."""
    created: datetime
    computer_class: ComputerClass
    level: str | None
    """Highest level the computer may hold, for confidential ones."""
    recipient: str
    """`keys.key_id` of the collector's sealing key."""
    seal: str = keys.SUITE_NAME
    signature: str = keys.SIGNATURE_NAME


class Envelope(msgspec.Struct, frozen=True):
    """An envelope taken apart, not yet verified or opened."""

    header: Header
    header_bytes: bytes
    body: bytes
    signature: bytes
    raw: bytes
    digest: str
    """SHA-256 of the whole envelope, hex: its identity, and the next one's ``previous``."""


_header_decoder = msgspec.json.Decoder(Header)


def build(header: Header, records: Iterable[Record], *, signing_key: keys.Ed25519PrivateKey, recipient: bytes) -> bytes:
    """An envelope's bytes. ``recipient`` is the collector's raw X25519 public key."""
    head = msgspec.json.encode(header)
    lines = b"\n".join(encode_record(record) for record in records)
    sealed = keys.seal(zstandard.ZstdCompressor(level=3).compress(lines), recipient, head)
    signed = b"".join((MAGIC, struct.pack(">I", len(head)), head, struct.pack(">Q", len(sealed)), sealed))
    return signed + signing_key.sign(signed)


def parse(raw: bytes) -> Envelope:
    """Take an envelope's bytes apart. Checks shape and versions; trusts nothing yet.

    Raises `EnvelopeError` with reason ``too-large``, ``not-an-envelope``, ``truncated``, ``newer-version`` or
    ``malformed``.
    """
    if len(raw) > MAX_ENVELOPE:
        raise EnvelopeError("too-large", f"the envelope has {len(raw)} bytes; at most {MAX_ENVELOPE} are taken")
    if not raw.startswith(MAGIC):
        if raw.startswith(MAGIC[:6]) and raw[6:7] not in (b"", MAGIC[6:7]):
            raise EnvelopeError("newer-version", f"envelope layout {raw[6]} is not known here; update the collector")
        raise EnvelopeError("not-an-envelope", "these bytes are not a Mijian envelope")
    at = len(MAGIC)
    if len(raw) < at + 4:
        raise EnvelopeError("truncated", "the envelope ends before its header")
    (head_size,) = struct.unpack_from(">I", raw, at)
    at += 4
    if head_size > MAX_HEADER:
        raise EnvelopeError("malformed", f"the header claims {head_size} bytes; at most {MAX_HEADER} are taken")
    if len(raw) < at + head_size + 8:
        raise EnvelopeError("truncated", "the envelope ends inside its header")
    head = raw[at : at + head_size]
    at += head_size
    (body_size,) = struct.unpack_from(">Q", raw, at)
    at += 8
    if len(raw) != at + body_size + 64:
        short = len(raw) < at + body_size + 64
        raise EnvelopeError(
            "truncated" if short else "malformed",
            f"the envelope has {len(raw)} bytes where its own lengths say {at + body_size + 64}",
        )
    header, digest = _decode_header(head), hashlib.sha256(raw).hexdigest()
    return Envelope(header, head, raw[at : at + body_size], raw[-64:], raw, digest)


def _decode_header(head: bytes) -> Header:
    try:
        header = _header_decoder.decode(head)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise EnvelopeError("malformed", f"the header cannot be read: {error}") from error
    if header.format != FORMAT or header.records > RECORDS_VERSION:
        raise EnvelopeError(
            "newer-version",
            f"the envelope speaks {header.format}, records {header.records}; this side knows {FORMAT}, "
            f"records {RECORDS_VERSION}: update the collector",
        )
    if (header.seal, header.signature) != (keys.SUITE_NAME, keys.SIGNATURE_NAME):
        raise EnvelopeError("newer-version", f"algorithms {header.seal} and {header.signature} are not known here")
    if header.sequence < 1:
        raise EnvelopeError("malformed", "sequence numbers start at 1")
    return header


def verify(envelope: Envelope, public_key: bytes) -> None:
    """Check the signature with the agent's raw Ed25519 public key. Raises `EnvelopeError` ``bad-signature``."""
    try:
        keys.Ed25519PublicKey.from_public_bytes(public_key).verify(envelope.signature, envelope.raw[:-64])
    except InvalidSignature as error:
        raise EnvelopeError("bad-signature", "the signature does not fit: altered, or not by this agent") from error


def open_body(envelope: Envelope, key: keys.X25519PrivateKey) -> Iterator[Record]:
    """Decrypt and yield the records of a verified envelope.

    Raises `EnvelopeError` with reason ``cannot-open`` (wrong key or altered), ``bomb`` or ``malformed``; the
    error comes before the first record for the former two.
    """
    try:
        packed = keys.unseal(envelope.body, key, envelope.header_bytes)
    except (InvalidTag, ValueError) as error:
        raise EnvelopeError("cannot-open", "sealed to another collector, or altered on the way") from error
    lines = _unpacked(packed)
    # Line by line, not split at once: a body of nothing but line ends must not become millions of objects.
    for number, line in enumerate(io.BytesIO(lines), 1):
        if line != b"\n":
            try:
                yield decode_record(line)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise EnvelopeError("malformed", f"record {number} cannot be read: {error}") from error


def _unpacked(packed: bytes) -> bytes:
    """The body unpacked, in a piece of memory of the size it says of itself, where it says one."""
    try:
        told = zstandard.frame_content_size(packed)
        if 0 < told <= MAX_BODY:
            return zstandard.ZstdDecompressor().decompress(packed, allow_extra_data=True)
        lines = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(packed)).read(MAX_BODY + 1)
    except zstandard.ZstdError as error:
        raise EnvelopeError("malformed", f"the body does not unpack: {error}") from error
    if len(lines) > MAX_BODY:
        raise EnvelopeError("bomb", f"the body expands to more than {MAX_BODY} bytes")
    return lines
