"""A bundle is taken only whole, unaltered, signed by the trusted key, and with names that are names."""

from __future__ import annotations

import struct
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import keys
from signatures.bundles import BundleRefused, build, open_bundle, peek
from signatures.bundles import form as layout

Make = Callable[..., bytes]
CREATED = datetime(2026, 3, 1, tzinfo=UTC)
KEY = keys.Ed25519PrivateKey.generate()
TRUSTED = keys.public_bytes(KEY)
RAW = build({"house.yaml": b"pack: house\n", "other-2.yaml": b"\x00" * 50}, KEY, version=7, created=CREATED)


def handmade(body: bytes, signer: keys.Ed25519PrivateKey = KEY, **header: object) -> bytes:
    """A bundle signed as it should be, with anything in it."""
    head = msgspec.json.encode(
        {
            "format": layout.FORMAT,
            "version": 1,
            "created": CREATED,
            "key": keys.key_id(keys.public_bytes(signer)),
            "digest": layout._digest(body),
            "signature": "ed25519",
            **header,
        }
    )
    signed = layout.MAGIC + struct.pack(">I", len(head)) + head + struct.pack(">I", len(body)) + body
    return signed + signer.sign(signed)


def packed(packs: object) -> bytes:
    return zstandard.ZstdCompressor().compress(msgspec.msgpack.encode(packs))


def refusal(raw: bytes, trusted: bytes = TRUSTED) -> str:
    with pytest.raises(BundleRefused) as refused:
        open_bundle(raw, trusted)
    assert str(refused.value)
    return refused.value.reason


def test_what_was_signed_comes_out_as_it_went_in() -> None:
    bundle = open_bundle(RAW, TRUSTED)
    assert bundle.packs == {"house.yaml": b"pack: house\n", "other-2.yaml": b"\x00" * 50}
    assert (bundle.header.version, bundle.header.created, bundle.header.expires) == (7, CREATED, None)
    assert peek(RAW) == bundle.header


@given(st.integers(0, len(RAW) - 1), st.integers(1, 255))
@settings(max_examples=400)
def test_any_altered_byte_is_refused(place: int, change: int) -> None:
    altered = bytearray(RAW)
    altered[place] ^= change
    assert refusal(bytes(altered)) in {
        "not-a-bundle",
        "unknown-format",
        "truncated",
        "malformed",
        "wrong-key",
        "bad-signature",
    }


@given(st.integers(0, len(RAW) - 1))
def test_any_part_of_a_bundle_is_refused(length: int) -> None:
    assert refusal(RAW[:length]) in {"not-a-bundle", "truncated", "unsigned"}


@given(st.binary(min_size=1, max_size=80))
def test_what_follows_a_bundle_is_refused(more: bytes) -> None:
    assert refusal(RAW + more) == "malformed"


@given(st.binary(max_size=200))
def test_any_other_bytes_are_refused(raw: bytes) -> None:
    assert refusal(raw) in {"not-a-bundle", "unknown-format", "truncated"}
    assert refusal(layout.MAGIC + raw) in {"truncated", "malformed", "unsigned", "unknown-format"}


def test_another_key_is_refused_and_both_are_named() -> None:
    other = keys.public_bytes(keys.Ed25519PrivateKey.generate())
    with pytest.raises(BundleRefused, match=f"{keys.key_id(TRUSTED)}.*{keys.key_id(other)}") as refused:
        open_bundle(RAW, other)
    assert refused.value.reason == "wrong-key"


def test_a_key_that_only_claims_to_be_the_trusted_one_is_refused() -> None:
    forger = keys.Ed25519PrivateKey.generate()
    forged = handmade(packed({"house.yaml": b"x"}), forger, key=keys.key_id(TRUSTED))
    assert refusal(forged) == "bad-signature"


def test_a_bundle_without_a_signature_is_told_as_unsigned() -> None:
    assert refusal(RAW[:-64]) == "unsigned"
    assert refusal(RAW[:-64] + bytes(64)) == "unsigned"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (packed({}), "no-packs"),
        (packed({"../../etc/cron.yaml": b"x"}), "bad-name"),
        (packed({"/etc/house.yaml": b"x"}), "bad-name"),
        (packed({"house": b"x"}), "bad-name"),
        (packed({"House.yaml": b"x"}), "bad-name"),
        (packed({".yaml": b"x"}), "bad-name"),
        (packed({"a\x00b.yaml": b"x"}), "bad-name"),
        (packed({"a.yaml\n": b"x"}), "bad-name"),
        (packed({"a" * 90 + ".yaml": b"x"}), "bad-name"),
        (packed({f"p{number}.yaml": b"x" for number in range(501)}), "too-large"),
        (packed({"house.yaml": bytes(5 * 1024 * 1024)}), "too-large"),
        (packed({"house.yaml": "text"}), "malformed"),
        (packed(["house.yaml"]), "malformed"),
        (b"no zstd", "malformed"),
        (b"", "malformed"),
        (zstandard.ZstdCompressor().compress(bytes(64 * 1024 * 1024)), "bomb"),
    ],
)
def test_what_a_signer_must_not_put_in_is_refused_though_it_is_signed(body: bytes, reason: str) -> None:
    assert refusal(handmade(body)) == reason


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"format": "mijian-rules/2"}, "unknown-format"),
        ({"signature": "sm2"}, "unknown-format"),
        ({"version": 0}, "malformed"),
        ({"version": "7"}, "malformed"),
        ({"version": 2**60}, "malformed"),
        ({"created": "2026-03-01T00:00:00"}, "malformed"),
        ({"digest": "sha256:00"}, "malformed"),
        ({"later": "a field of a newer version"}, None),
    ],
)
def test_a_header_of_another_kind_is_refused_and_unknown_fields_are_not(
    header: dict[str, object], reason: str | None
) -> None:
    raw = handmade(packed({"house.yaml": b"x"}), **header)
    if reason is None:
        assert open_bundle(raw, TRUSTED).packs == {"house.yaml": b"x"}
    else:
        assert refusal(raw) == reason


def test_a_newer_layout_asks_for_an_update() -> None:
    with pytest.raises(BundleRefused, match="update this program") as refused:
        open_bundle(b"MJRULES\x02\n" + RAW[9:], TRUSTED)
    assert refused.value.reason == "unknown-format"


def test_lengths_that_lie_are_refused_without_being_believed() -> None:
    huge = layout.MAGIC + struct.pack(">I", 0xFFFFFFFF) + b"x" * 100
    assert refusal(huge) == "malformed"
    assert refusal(bytes(layout.MAX_BUNDLE + 1)) == "too-large"


@pytest.mark.parametrize("packs", [{}, {"../a.yaml": b"x"}, {"a.yaml": bytes(5 * 1024 * 1024)}])
def test_a_signer_is_told_before_signing_what_nobody_would_take(packs: dict[str, bytes]) -> None:
    with pytest.raises(BundleRefused):
        build(packs, KEY, version=1, created=CREATED)


@pytest.mark.parametrize(("version", "created"), [(0, CREATED), (-1, CREATED), (1, datetime(2026, 3, 1))])  # noqa: DTZ001
def test_a_signer_is_told_of_a_version_or_date_that_is_none(version: int, created: datetime) -> None:
    with pytest.raises(ValueError, match=r"version|time zone"):
        build({"house.yaml": b"x"}, KEY, version=version, created=created)
