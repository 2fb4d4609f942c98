"""How passwords are stored."""

from __future__ import annotations

from server.accounts.hashing import Argon2idHasher


def test_a_password_is_stored_as_argon2id_with_the_memory_owasp_asks_for() -> None:
    hasher = Argon2idHasher()
    stored = hasher.encode("对马海峡-correct-horse", hasher.salt())
    assert stored.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert hasher.verify("对马海峡-correct-horse", stored)
    assert not hasher.verify("对马海峡-correct-horsE", stored)
