"""The codes on labels are read by another program's reader, as they are drawn."""

from __future__ import annotations

import re
import uuid

import pytest

from server.web import qr


def test_each_code_is_read_as_the_text_it_was_made_of() -> None:
    cv2 = pytest.importorskip("cv2", reason="the reader comes with the extra ocr")
    numpy = pytest.importorskip("numpy")
    reader = cv2.QRCodeDetector()
    for number in range(1, 9):
        text = f"https://collector.example:8443/computers/{uuid.UUID(int=number * 7**40)}/"
        code = qr.rows(text)
        drawn = numpy.full((code.size, code.size), 255, dtype=numpy.uint8)
        for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1", code.path):
            drawn[int(y), int(x) : int(x) + int(length)] = 0
        picture = numpy.pad(numpy.kron(drawn, numpy.ones((4, 4), numpy.uint8)), 8, constant_values=255)
        assert reader.detectAndDecode(picture)[0] == text
