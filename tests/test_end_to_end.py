"""The whole reporting path with the real commands: whatever is killed, each marked document arrives exactly once."""

from __future__ import annotations

import json
import secrets
import shutil
from typing import Any

from protocol import keys, receipts
from protocol.envelope import MEDIA_TYPE
from protocol.receipts import Answer

PLAIN = "关于放假的通知\n\n各处室：请做好值班安排，遵守保密纪律，不得泄露国家秘密。\n"


def marked(number: int, bulk: int = 0) -> bytes:
    """A marked document of its own content; ``bulk`` lines make it take a while."""
    return (
        f"机密★{10 + number % 20}年\n\n关于召开第{number}次会议的通知\n\n各处室：请按时参加。\n" + PLAIN * bulk
    ).encode()


def test_each_marked_document_of_a_medium_arrives_exactly_once_and_no_other_does(house: Any) -> None:
    house.set_up()
    wanted = [marked(number) for number in range(12)]
    documents = {f"资料/通知{number}.txt": data for number, data in enumerate(wanted)}
    house.fill(documents | {f"平常{number}.txt": f"{PLAIN}{number}".encode() for number in range(12)})
    house.start_agent()
    house.until(lambda: house.violations() == house.hashes(*wanted))
    house.until(house.settled)
    house.stop_agent()
    assert house.violations() == house.hashes(*wanted)
    assert json.loads(house.get("/healthz")[1]) == {"ok": True, "spool_waiting": 0, "spool_held": 0, "spool_bad": 0}
    assert house.server("verify", "--format", "json")


def test_a_collector_killed_in_mid_stream_has_everything_exactly_once(house: Any) -> None:
    house.set_up()
    wanted = [marked(number) for number in range(800)]
    house.fill({f"{number}.txt": data for number, data in enumerate(wanted)})
    house.start_agent()
    for goal in (1, 60, 150):
        house.until(lambda goal=goal: house.violations().total() >= goal)
        house.kill_collector()
        assert goal > 1 or not house.settled(), "it was killed too late to show anything"
        house.start_collector()
    house.until(lambda: house.violations() == house.hashes(*wanted))
    house.until(house.settled)
    assert house.violations() == house.hashes(*wanted)


def test_an_agent_killed_in_mid_scan_tells_everything_exactly_once(house: Any) -> None:
    house.set_up()
    wanted = [marked(number, bulk=200) for number in range(600)]
    house.fill({f"{number}.txt": data for number, data in enumerate(wanted)})
    for goal in (1, 100, 300):
        house.start_agent()
        house.until(lambda goal=goal: house.violations().total() >= goal)
        house.kill_agent()
        assert goal > 1 or "scan done" not in house.said.read_text("utf-8"), "it was killed too late to show anything"
    house.start_agent()
    house.until(lambda: house.violations() == house.hashes(*wanted))
    house.until(house.settled)
    assert house.violations() == house.hashes(*wanted)


def test_sealed_files_in_any_order_and_any_number_of_times_arrive_exactly_once(house: Any) -> None:
    house.set_up("internal")
    settings = json.loads(house.settings.read_text())
    house.settings.write_text(json.dumps(settings | {"uplink": {"transport": "sealed"}}))
    wanted: list[bytes] = []
    for round_ in range(3):
        part = [marked(10 * round_ + number) for number in range(4)]
        shutil.rmtree(house.stick)
        house.stick.mkdir()
        house.fill({f"{round_}-{number}.txt": data for number, data in enumerate(part)})
        wanted += part
        house.start_agent()
        house.until(lambda: house.status()["waiting"]["scan"] > round_)  # noqa: B023 (called at once)
        house.stop_agent()
        file = house.tmp / f"{secrets.token_hex(4)}.mijian"
        house.mijian("export", str(file))
    written = sorted(house.tmp.glob("*.mijian"), key=lambda one: one.stat().st_mtime_ns, reverse=True)
    assert len(written) >= 3
    for order in (written, reversed(written), written):
        house.server("import", *map(str, order))
    assert house.violations() == house.hashes(*wanted)
    signing = keys.public_bytes(keys.Ed25519PrivateKey.from_private_bytes((house.home / "keys/signing").read_bytes()))
    for file in written:
        status, body = house.get("/api/v1/envelopes", file.read_bytes(), **{"Content-Type": MEDIA_TYPE})
        assert (status, receipts.open_receipt(body, signing).answer) == (200, Answer.DUPLICATE)
    house.mijian("import", *(f"{file}.receipt" for file in written))
    assert not any(house.status()["waiting"].values())
    assert house.violations() == house.hashes(*wanted)
