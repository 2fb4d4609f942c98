"""The networks: found in the package, told apart from what is none, and nothing of the package is run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from agent.scanning.ocr import available, models

needs_ocr = pytest.mark.skipif(not available.installed(), reason="needs the extra ocr")


@needs_ocr
def test_the_networks_and_their_characters_are_found() -> None:
    found = models.find()
    assert found.detector.is_file()
    assert {"密", "★", "0", "机", "绝", "秘"} <= set(found.characters)


@pytest.mark.parametrize("data", [b"\x72\x05ab", b"\xff" * 12, b"\x07"])
def test_bytes_that_are_no_model_are_refused(data: bytes) -> None:
    with pytest.raises((IndexError, ValueError)):
        models.metadata(data)


@needs_ocr
def test_loading_runs_no_code_that_could_fetch_anything_and_starts_no_thread() -> None:
    script = (
        "import os, sys; from agent.scanning.ocr.loading import load; load(1.0); "
        "print(sorted({'rapidocr', 'onnxruntime', 'requests', 'urllib.request', 'http.client'} & set(sys.modules)), "
        "len(os.listdir('/proc/self/task')))"
    )
    house = Path(__file__).resolve().parents[4]
    said = subprocess.run([sys.executable, "-c", script], cwd=house, capture_output=True, text=True, check=True)
    assert said.stdout.split("\n")[0] == "[] 1"
