"""What a scan says of pictures it did not read: only where that can be mended."""

from __future__ import annotations

import argparse

import pytest

from agent.commands.scan import add_parser, tell_unseen
from agent.scanning.ocr import available
from agent.scanning.results import Summary


@pytest.fixture
def summary() -> Summary:
    made = Summary()
    made.reasons["unsupported"] += 1
    return made


def test_that_ocr_is_not_installed_is_said_with_how_to_mend_it(
    summary: Summary, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(available, "installed", lambda: False)
    tell_unseen(summary, wanted=True)
    assert "mijian[ocr]" in capsys.readouterr().err


def test_nothing_is_said_where_nobody_wanted_it_or_nothing_was_left_out(
    summary: Summary, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(available, "installed", lambda: False)
    tell_unseen(summary, wanted=False)
    tell_unseen(Summary(), wanted=True)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("said", "seconds"), [([], 600.0), (["--ocr-seconds", "0"], 0.0), (["--ocr-seconds", "90"], 90.0)]
)
def test_the_time_for_pictures_has_a_default_and_can_be_set(said: list[str], seconds: float) -> None:
    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers())
    assert parser.parse_args(["scan", "folder", *said]).ocr_seconds == seconds


def test_a_time_that_is_no_number_is_refused() -> None:
    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers())
    with pytest.raises(SystemExit):
        parser.parse_args(["scan", "folder", "--ocr-seconds", "soon"])
