"""Only the holder of a private key can enrol its public half."""

from __future__ import annotations

import msgspec

from protocol import keys
from protocol.enrolment import EnrolRequest, challenge, proof_holds

KEY = keys.Ed25519PrivateKey.generate()


def request(token: str = "t") -> EnrolRequest:
    public = keys.public_bytes(KEY)
    return EnrolRequest(
        token=token,
        public_key=keys.b64(public),
        hostname="desk",
        machine_id_hash="0" * 64,
        agent_version="1",
        proof=keys.b64(KEY.sign(challenge(token, public))),
    )


def test_the_holder_of_the_key_is_believed() -> None:
    assert proof_holds(request())


def test_a_proof_for_another_token_is_not_believed() -> None:
    assert not proof_holds(msgspec.structs.replace(request(), token="other"))


def test_somebody_elses_key_is_not_believed() -> None:
    other = keys.b64(keys.public_bytes(keys.Ed25519PrivateKey.generate()))
    assert not proof_holds(msgspec.structs.replace(request(), public_key=other))


def test_what_is_not_base64_or_no_key_is_not_believed() -> None:
    assert not proof_holds(msgspec.structs.replace(request(), public_key="***"))
    assert not proof_holds(msgspec.structs.replace(request(), public_key=keys.b64(b"short")))
    assert not proof_holds(msgspec.structs.replace(request(), proof=keys.b64(b"short")))
