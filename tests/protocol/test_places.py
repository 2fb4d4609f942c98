"""A path is closed to the reveal key and to nobody else."""

from __future__ import annotations

import pytest

from protocol import keys, places
from protocol.places import SealedPlace

KEY = keys.X25519PrivateKey.generate()
PUBLIC = keys.public_bytes(KEY)


def test_a_place_comes_out_as_it_went_in() -> None:
    place = SealedPlace("/media/u/归档.zip", "内层.zip!合同.docx")
    assert places.unseal(places.seal(place, PUBLIC), KEY) == place
    assert places.unseal(places.seal(SealedPlace("/a"), PUBLIC), KEY).member is None


def test_a_name_that_is_no_utf8_is_kept_with_its_bytes() -> None:
    place = SealedPlace("/media/u/\udcb1\udce3.txt", "\udcff")
    assert places.unseal(places.seal(place, PUBLIC), KEY) == SealedPlace("/media/u/\\udcb1\\udce3.txt", "\\udcff")


@pytest.mark.parametrize(
    "sealed",
    [
        "not base64!",
        keys.b64(b"x" * 80),
        keys.b64(keys.seal(b'{"path":"/a"}', PUBLIC, b"another purpose")),
        keys.b64(keys.seal(b'["/a"]', PUBLIC, b"mijian-place/1")),
        keys.b64(keys.seal(b"\xff", PUBLIC, b"mijian-place/1")),
        places.seal(SealedPlace("/a"), keys.public_bytes(keys.X25519PrivateKey.generate())),
    ],
    ids=["not-base64", "noise", "other-purpose", "no-place", "no-text", "other-key"],
)
def test_what_is_not_a_place_sealed_to_this_key_is_told_as_such(sealed: str) -> None:
    with pytest.raises(places.PlaceError):
        places.unseal(sealed, KEY)
