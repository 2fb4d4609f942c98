"""Passwords as Argon2id, with the memory OWASP asks for and never more than two at once."""

from __future__ import annotations

import threading

from django.contrib.auth.hashers import Argon2PasswordHasher

_turns = threading.BoundedSemaphore(2)
"""Each hash holds its memory while it runs: a flood of sign-ins must not hold it thirty times over."""


class Argon2idHasher(Argon2PasswordHasher):
    """Argon2id with 19 MiB and two passes (OWASP Password Storage Cheat Sheet; Django's own takes 100 MiB)."""

    memory_cost = 19_456
    time_cost = 2
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        """The text that is stored."""
        with _turns:
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        """Whether the password fits what is stored."""
        with _turns:
            return super().verify(password, encoded)
