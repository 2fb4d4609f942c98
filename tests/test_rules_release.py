"""Rules of an office's own, from the signing key to every computer, with the real commands, by network and by file."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import requests

from tests.agent.test_in_force import PACK

PASSWORD = "对马海峡-correct-horse"


def sign(house: Any, version: int) -> Path:
    """A bundle of that version, made with `mijian rules` as people do."""
    folder, key = house.tmp / "packs", house.tmp / "signing"
    folder.mkdir(exist_ok=True)
    (folder / "house.yaml").write_text(PACK.format(level=f"送审稿{version}"), "utf-8")
    out = house.tmp / f"{version}.bundle"
    if not key.exists():
        house._once(house.command("mijian", "rules", "keygen", str(key)), None, 0)
        settings = house.home / "collector.yaml"
        settings.write_text(settings.read_text("utf-8") + f"rules_keys: [{(house.tmp / 'signing.pub').read_text()}]\n")
    told = ("rules", "sign", str(folder), "--key", str(key), "--version", str(version), "--out", str(out))
    house._once(house.command("mijian", *told), None, 0)
    return out


def standing(house: Any) -> dict[int, tuple[int, int]]:
    """Version → computers that are to scan by it, and that say they do."""
    rows = json.loads(house.server("rules", "list", "--format", "json"))["bundles"]
    return {row["version"]: (row["computers_due"], row["computers_done"]) for row in rows}


def test_a_released_bundle_reaches_a_running_agent_and_the_collector_knows_it(house: Any) -> None:
    first = sign(house, 5)
    settings = json.loads(house.settings.read_text())
    settings["uplink"]["policy_seconds"] = 0.5
    house.settings.write_text(json.dumps(settings))
    house.set_up()
    house.server("rules", "add", str(first))
    altered = house.tmp / "altered.bundle"
    whole = first.read_bytes()
    altered.write_bytes(whole[:-1] + bytes((whole[-1] ^ 1,)))
    house.server("rules", "add", str(altered), status=1)
    house.start_agent()
    house.until(lambda: house.status()["agent_now"] and house.status()["agent_now"]["rules"])
    assert standing(house) == {5: (0, 0)}
    house.server("rules", "release", "5", "--everywhere", "--note", "first of our own")
    house.until(lambda: standing(house) == {5: (1, 1)})
    told = house.status()
    assert (told["rules"]["version"], told["policy"]["rules_version"]) == (5, 5)
    house.fill({"送审.txt": "送审稿\n\n关于放假的通知\n".encode()})
    house.until(lambda: house.violations().total() == 1)  # the rule of the office finds what no rule of ours does
    house.server("rules", "withdraw", "5")
    house.until(lambda: house.status()["policy"]["rules_version"] == 0)
    assert house.status()["rules"]["version"] == 5  # it keeps what it has


def test_a_computer_without_a_network_takes_policy_and_rules_from_one_file(house: Any) -> None:
    bundle = sign(house, 5)
    settings = json.loads(house.settings.read_text())
    settings["uplink"]["transport"] = "sealed"
    house.settings.write_text(json.dumps(settings))
    house.set_up()
    house.server("rules", "add", str(bundle))
    house.server("rules", "release", "5", "--everywhere")
    house.start_agent()
    house.until(lambda: house.status()["waiting"]["started"])
    house.stop_agent()
    house.mijian("export", str(house.tmp / "reports.mijian"))
    house.server("import", str(house.tmp / "reports.mijian"))
    house.mijian("import", str(bundle), status=2)  # no policy has named the key yet
    names = carried_back(house)
    assert [name.suffix for name in names] == [".policy", ".bundle"]
    house.mijian("import", *map(str, names))
    assert house.status()["rules"]["version"] == 5
    house.mijian("import", *map(str, names))  # again: it says so, and nothing is wrong


def carried_back(house: Any) -> list[Path]:
    """The files for the stick, fetched from the page Imports as a person does."""
    at, browser = f"http://127.0.0.1:{house.port}", requests.Session()
    browser.get(f"{at}/sign-in/", timeout=60)
    form = {"username": "officer", "password": PASSWORD, "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
    browser.post(f"{at}/sign-in/", form, timeout=60)
    form = {"csrfmiddlewaretoken": browser.cookies["csrftoken"]}
    answer = browser.post(f"{at}/imports/policies/", form, timeout=60)
    folder = house.tmp / "stick-back"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        archive.extractall(folder)
    return sorted(folder.iterdir())
