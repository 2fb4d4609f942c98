"""What collector.yaml may say of how long records are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from server import home
from server.retention.settings import SHORTEST, Retention
from signatures.strict_yaml import FileMistake


def written(place: Path, text: str) -> Retention:
    (place / "collector.yaml").write_text(text, "utf-8")
    return home.configuration(place).retention


def test_nothing_is_purged_unless_the_settings_name_it(tmp_path: Path) -> None:
    assert written(tmp_path, "name: x\n").days == {}
    assert written(tmp_path, "retention: {sightings: 400}\n").days == {"sightings": 400}


@pytest.mark.parametrize("kind", SHORTEST)
def test_no_kind_can_be_purged_before_its_time(tmp_path: Path, kind: str) -> None:
    assert written(tmp_path, f"retention: {{{kind}: {SHORTEST[kind]}}}\n").days == {kind: SHORTEST[kind]}
    with pytest.raises(FileMistake, match=f"after {SHORTEST[kind]} days at the earliest"):
        written(tmp_path, f"retention: {{{kind}: {SHORTEST[kind] - 1}}}\n")


def test_the_audit_log_has_no_end(tmp_path: Path) -> None:
    with pytest.raises(FileMistake, match="audit"):
        written(tmp_path, "retention: {audit: 4000}\n")
