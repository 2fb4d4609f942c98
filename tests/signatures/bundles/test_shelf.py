"""Installed rules: newer ones take the place of older ones whole or not at all, and nothing else gets in."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from protocol import keys
from signatures.bundles import BundleRefused, current, install, installed, open_bundle, put_in_force
from signatures.rules import load_rules

Make = Callable[..., bytes]


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    return tmp_path / "state" / "rules"


@pytest.fixture
def put(tmp_path: Path, shelf: Path, trusted: bytes, now: datetime) -> Callable[[bytes], Path]:
    """Install these bytes from a file, as a person does; gives the folder in force."""

    def installing(raw: bytes) -> Path:
        file = tmp_path / "rules.mjr"
        file.write_bytes(raw)
        return install(file, shelf, trusted, now=now).folder

    return installing


Put = Callable[[bytes], Path]


def refused(put: Put, raw: bytes) -> str:
    with pytest.raises(BundleRefused) as told:
        put(raw)
    return told.value.reason


def test_without_a_bundle_nothing_is_in_force(shelf: Path) -> None:
    assert current(shelf) is None
    assert installed(shelf) is None


def test_an_installed_bundle_is_loaded_like_any_folder_of_packs(put: Put, shelf: Path, make: Make) -> None:
    folder = put(make(3))
    assert current(shelf) == folder
    assert [rule.id for rule in load_rules(folder).rules] == ["house.draft"]
    found = installed(shelf)
    assert found is not None and found.header.version == 3
    assert folder.stat().st_mode & 0o077 == 0


def test_a_newer_bundle_takes_the_place_of_an_older_one(put: Put, shelf: Path, make: Make) -> None:
    house = (put(make(3)) / "house.yaml").read_bytes()
    put(make(4, extra=house.replace(b"house", b"extra")))
    folder = current(shelf)
    assert folder is not None
    assert sorted(path.name for path in folder.glob("*.yaml")) == ["extra.yaml", "house.yaml"]
    put(make(5))
    put(make(6))
    assert len([path for path in shelf.iterdir() if path.is_dir()]) == 2  # the one in force and the one before


@pytest.mark.parametrize(("second", "reason"), [(3, "same-version"), (2, "older"), (1, "older")])
def test_an_older_or_equal_version_is_refused_and_the_old_one_stays(
    put: Put, shelf: Path, make: Make, second: int, reason: str
) -> None:
    folder = put(make(3))
    assert refused(put, make(second, pattern="送审[稿]")) == reason
    assert current(shelf) == folder


def test_an_expired_bundle_is_refused_and_the_old_one_stays(put: Put, shelf: Path, make: Make, now: datetime) -> None:
    folder = put(make(1, expires=now + timedelta(seconds=1)))
    assert refused(put, make(2, expires=now)) == "expired"
    assert current(shelf) == folder


def test_a_bundle_that_expires_while_in_force_stays_and_says_so(
    put: Put, shelf: Path, make: Make, now: datetime
) -> None:
    put(make(1, expires=now + timedelta(days=1)))
    found = installed(shelf)
    assert found is not None
    assert not found.expired(now)
    assert found.expired(now + timedelta(days=2))


def test_an_altered_or_foreign_bundle_is_refused_and_the_old_one_stays(put: Put, shelf: Path, make: Make) -> None:
    folder = put(make(1))
    raw = bytearray(make(2))
    raw[-100] ^= 1
    assert refused(put, bytes(raw)) in ("bad-signature", "malformed")
    assert refused(put, b"pack: house\n") == "not-a-bundle"
    assert refused(put, bytes(9 * 1024 * 1024)) == "too-large"
    assert current(shelf) == folder


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("送审(稿", "bad-rules"),
        ("(?:送+审?)+稿", "unsafe-rules"),
        ("(?:送审稿)?", "unsafe-rules"),
        (".*送.*审.*稿", "unsafe-rules"),
    ],
)
def test_a_signature_does_not_excuse_rules_that_could_stop_the_scanner(
    put: Put, shelf: Path, make: Make, pattern: str, reason: str
) -> None:
    folder = put(make(1))
    with pytest.raises(BundleRefused, match=r"house\.yaml:\d+: house\.draft: ") as told:
        put(make(2, pattern=pattern))
    assert told.value.reason == reason
    assert current(shelf) == folder


def test_a_pack_that_unfolds_without_end_is_refused(put: Put, make: Make) -> None:
    lines = ["a: &a0 [x, x]", *(f"b{n}: &a{n + 1} [*a{n}, *a{n}, *a{n}, *a{n}]" for n in range(30))]
    assert refused(put, make(1, bomb="\n".join(lines).encode())) == "bad-rules"
    assert refused(put, make(1, deep=b"[" * 100_000)) == "bad-rules"


def test_what_was_altered_on_this_computer_since_is_noticed(put: Put, shelf: Path, make: Make, trusted: bytes) -> None:
    folder = put(make(1))
    assert installed(shelf, trusted) is not None
    (folder / "house.yaml").write_text("pack: house\n", "utf-8")
    with pytest.raises(BundleRefused) as told:
        installed(shelf, trusted)
    assert told.value.reason == "damaged"
    put(make(1))  # the very same bundle mends it
    assert installed(shelf, trusted) is not None


def test_an_added_pack_is_noticed_too(put: Put, shelf: Path, make: Make, trusted: bytes) -> None:
    folder = put(make(1))
    (folder / "more.yaml").write_text("pack: more\n", "utf-8")
    with pytest.raises(BundleRefused, match="install it again"):
        installed(shelf, trusted)


@pytest.mark.parametrize(
    "told",
    [b"", b"{", b"\xff", b'{"version": 9, "folder": "../../etc"}', b'{"version": 9, "folder": "1-0123456789abcdef"}'],
)
def test_a_spoilt_note_of_what_is_in_force_opens_no_way_back_to_older_rules(
    put: Put, shelf: Path, make: Make, told: bytes
) -> None:
    put(make(5))
    (shelf / "in-force").write_bytes(told)
    with pytest.raises(BundleRefused) as damaged:
        current(shelf)
    assert damaged.value.reason == "damaged"
    assert refused(put, make(4)) == "older"
    assert put(make(5)) == current(shelf)


def test_another_key_cannot_replace_what_is_in_force(
    tmp_path: Path, shelf: Path, make: Make, put: Put, now: datetime
) -> None:
    folder = put(make(1))
    file = tmp_path / "theirs.mjr"
    file.write_bytes(make(2))
    theirs = keys.public_bytes(keys.Ed25519PrivateKey.generate())
    with pytest.raises(BundleRefused, match="the one trusted here"):
        install(file, shelf, theirs, now=now)
    assert current(shelf) == folder


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork to be killed at a chosen instant")
def test_killed_at_any_instant_either_the_old_or_the_new_rules_are_whole_and_in_force(
    shelf: Path, make: Make, trusted: bytes
) -> None:
    old, new = open_bundle(make(1), trusted), open_bundle(make(2, pattern="送审[稿]"), trusted)
    seen: list[int] = []
    for instant in range(1, 200):
        if instant == 1:
            put_in_force(old, shelf)
        ended = _killed_at(instant, lambda: put_in_force(new, shelf))
        found = installed(shelf, trusted)
        assert found is not None
        seen.append(found.header.version)
        assert len(load_rules(found.folder).rules) == 1
        if found.header.version == 2:
            if not ended:
                break
            shutil.rmtree(shelf)
            put_in_force(old, shelf)
    assert seen.count(1) >= 10  # killed before the switch
    assert seen.count(2) >= 2  # killed after it, and not at all
    assert not ended
    assert sorted(path.name for path in shelf.iterdir() if path.name.startswith(".new")) == []


def _killed_at(instant: int, work: Callable[[], object]) -> bool:
    """Do work in a process that is killed before its n-th file operation. Whether it got that far."""
    child = os.fork()
    if child == 0:
        left = instant

        def count(event: str, _arguments: object) -> None:
            nonlocal left
            if event == "open" or event.startswith(("os.", "shutil.", "tempfile.")):
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        try:
            work()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)
