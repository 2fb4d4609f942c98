"""A descriptor read as a stream gives what the file holds, wherever one seeks."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent.scanning.descriptor import opened


def test_a_descriptor_reads_and_seeks_like_a_file(tmp_path: Path) -> None:
    data = os.urandom(300_000)
    (tmp_path / "a").write_bytes(data)
    with opened(os.open(tmp_path / "a", os.O_RDONLY)) as stream:
        assert stream.read(10) == data[:10]
        assert stream.seek(-100, os.SEEK_END) == len(data) - 100
        assert stream.read() == data[-100:]
        stream.seek(0)
        assert stream.read() == data


def test_closing_the_stream_closes_the_descriptor_once(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    descriptor = os.open(tmp_path / "a", os.O_RDONLY)
    stream = opened(descriptor)
    stream.close()
    stream.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)
