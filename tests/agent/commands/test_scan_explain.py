"""``mijian scan --explain`` says what was read of a file, and never what stands there."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from agent.cli import main
from agent.scanning.ocr import available as ocr


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(pytestconfig.cache.mkdir("home")))  # type: ignore[union-attr]


def explained(capfdbinary: pytest.CaptureFixture[bytes], *arguments: str) -> tuple[int, bytes]:
    status = main(["--lang", "en", "scan", "--explain", *arguments])
    return status, capfdbinary.readouterr().out


def test_zones_are_counted_and_their_content_is_not_told(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("inner.txt", "机密★10年\n一段无关的文字")
        archive.writestr("plain.html", "<html><body><p>一段无关的文字</p></body></html>")
    status, out = explained(capfdbinary, str(tmp_path / "a.zip"), "--format", "jsonl")
    assert status == 1
    told = json.loads(out)
    inner = {part["member"]: part for part in told["explained"]["parts"]}
    assert inner[None]["format"] == "zip"
    assert inner["inner.txt"]["verdict"] == "finding"
    assert inner["inner.txt"]["zones"]["p1_top_left"][0] >= 1
    assert inner["plain.html"]["verdict"] == "clean"
    assert inner["plain.html"]["limits"]
    assert told["limits"]["memory"] > 0
    assert told["explained"]["limits"]["members"] == 20_000
    assert "无关".encode() not in out
    assert "★".encode() not in out


def test_what_was_cut_is_told_with_its_reason(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04" + bytes(100))
    status, out = explained(capfdbinary, str(tmp_path / "broken.zip"))
    assert status == 3
    assert b"cut: damaged" in out
    assert b"cage: " in out


@pytest.mark.skipif(not ocr.installed(), reason="needs the extra ocr")
def test_a_picture_is_explained_as_it_is_scanned(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.new("L", (640, 120), 255)
    ImageDraw.Draw(picture).text((20, 30), "TOP SECRET//NOFORN", 0, ImageFont.load_default(40))
    picture.save(tmp_path / "a.png")
    (tmp_path / "b.txt").write_text("TOP SECRET//NOFORN")
    status, out = explained(capfdbinary, str(tmp_path), "--format", "jsonl")
    told = {Path(one["path"]).name: one for one in map(json.loads, out.splitlines())}
    assert (status, told.keys()) == (1, {"a.png", "b.txt"})
    assert {one["verdict"] for one in told.values()} == {"finding"}
    assert told["a.png"]["explained"]["parts"][0]["cut"] == ""
    assert told["a.png"]["limits"]["seconds"] > told["b.txt"]["limits"]["seconds"]


def test_a_folder_of_very_many_files_is_refused_with_the_reason(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    for number in range(101):
        (tmp_path / str(number)).write_text("x")
    assert main(["--lang", "en", "scan", "--explain", str(tmp_path)]) == 2
    assert b"there are more here" in capfdbinary.readouterr().err
