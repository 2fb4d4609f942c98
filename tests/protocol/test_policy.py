from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from protocol import keys, policy
from protocol.policy import MediumStatus, Policy, PolicyError, RegisteredMedium, Schedule, Waiver, open_policy, sign
from protocol.records import ComputerClass, Medium

KEY = keys.Ed25519PrivateKey.generate()
PUBLIC = keys.public_bytes(KEY)
ORGANISATION = bytes(range(32))


def made(serial: int = 1, **more: object) -> Policy:
    values = {
        "format": policy.FORMAT,
        "collector": keys.key_id(PUBLIC),
        "agent": "agent-1",
        "serial": serial,
        "issued": datetime.now(UTC),
        "computer_class": ComputerClass.INTERNAL,
    }
    return Policy(**(values | more))  # type: ignore[arg-type]


def refusal(raw: bytes, key: bytes = PUBLIC, agent: str = "agent-1", newer_than: int = 0) -> str:
    with pytest.raises(PolicyError) as caught:
        open_policy(raw, key, agent=agent, newer_than=newer_than)
    return caught.value.reason


def test_what_was_signed_is_what_is_opened() -> None:
    line = RegisteredMedium(key="a" * 64, number="U-012", holder="张三", medium_class="confidential", level="机密")
    waiver = Waiver(id="w", control="CPC-09", expires=datetime.now(UTC) + timedelta(days=3))
    schedule = Schedule(name="quarter", calendar="quarterly")
    one = made(media=(line,), waivers=(waiver,), schedules=(schedule,), allowed_networks=("10.0.0.0/8",))
    assert open_policy(sign(one, KEY), PUBLIC, agent="agent-1") == one


def test_a_policy_of_a_stranger_or_altered_on_the_way_is_refused() -> None:
    stranger = keys.Ed25519PrivateKey.generate()
    assert refusal(sign(made(), stranger)) == "bad-signature"
    signed = msgspec.json.decode(sign(made(), KEY), type=policy.SignedPolicy)
    other = keys.b64(msgspec.json.encode(made(register_in_force=True)))
    assert refusal(msgspec.json.encode(policy.SignedPolicy(other, signed.signature))) == "bad-signature"


def test_an_older_policy_played_again_is_refused() -> None:
    assert refusal(sign(made(3), KEY), newer_than=3) == "older"
    assert open_policy(sign(made(4), KEY), PUBLIC, agent="agent-1", newer_than=3).serial == 4


def test_a_policy_for_another_computer_is_refused() -> None:
    assert refusal(sign(made(), KEY), agent="agent-2") == "wrong-agent"


def test_a_policy_of_a_newer_version_says_that_the_agent_must_be_updated() -> None:
    assert refusal(sign(made(format="mijian-policy/2"), KEY)) == "newer-version"


@pytest.mark.parametrize(
    "raw",
    [b"", b"{}", b'{"policy": "!", "signature": ""}', b"\xff", b"[" * 5000],
)
def test_what_is_no_policy_is_called_so(raw: bytes) -> None:
    assert refusal(raw) == "malformed"


@pytest.mark.parametrize(
    "more",
    [
        {"allowed_networks": ("10.0.0.1/8",)},
        {"issued": datetime.now()},  # noqa: DTZ005
        {"schedules": (Schedule(name="neither"),)},
        {"schedules": (Schedule(name="both", cron="0 3 * * *", calendar="quarterly"),)},
        {"serial": 0},
    ],
)
def test_a_signed_policy_that_makes_no_sense_is_refused_whole(more: dict[str, object]) -> None:
    assert refusal(sign(made(**more), KEY)) == "malformed"


def test_a_medium_fits_its_line_by_key_serial_or_file_system() -> None:
    serial = policy.serial_hash(ORGANISATION, "4C530001")
    uuid = policy.filesystem_uuid_hash(ORGANISATION, "1234-ABCD")
    lines = (
        RegisteredMedium(key="k", number="1"),
        RegisteredMedium(serial_hash=serial, number="2"),
        RegisteredMedium(filesystem_uuid_hash=uuid, number="3"),
    )
    one = made(media=lines)
    numbers = [
        line.number if (line := one.medium(medium)) else None
        for medium in (
            Medium(key="k"),
            Medium(key="other", serial_hash=serial),
            Medium(key="other", filesystem_uuid_hash=uuid),
            Medium(key="stranger"),
            Medium(key=""),
        )
    ]
    assert numbers == ["1", "2", "3", None, None]


def test_of_two_lines_for_one_medium_the_one_that_says_destroyed_counts() -> None:
    lines = (RegisteredMedium(key="k"), RegisteredMedium(key="k", status=MediumStatus.DESTROYED))
    found = made(media=lines).medium(Medium(key="k"))
    assert found is not None
    assert found.status is MediumStatus.DESTROYED
