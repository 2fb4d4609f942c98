"""What the collector's log holds: never what was being worked on, and never lines that anybody can make at will."""

from __future__ import annotations

import io
import logging
import logging.config
import sys

import pytest
from django.conf import settings
from django.test import Client

from server.logs import Formatter

FORBIDDEN = "/media/plan.docx"


def test_an_exception_is_told_without_its_own_words() -> None:
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    handler.setFormatter(Formatter("%(message)s"))
    try:
        try:
            raise ValueError(FORBIDDEN)
        except ValueError as error:
            raise KeyError(FORBIDDEN) from error
    except KeyError:
        handler.handle(logging.LogRecord("x", logging.ERROR, "", 0, "it failed", None, sys.exc_info()))
    told = said.getvalue()
    assert told.startswith("it failed")
    assert "ValueError" in told and "KeyError" in told and "test_logs.py" in told
    assert FORBIDDEN not in told


def test_every_handler_of_ours_leaves_the_words_of_exceptions_away() -> None:
    assert settings.LOGGING["formatters"]["line"]["()"] == "server.logs.Formatter"
    assert {one["formatter"] for one in settings.LOGGING["handlers"].values()} == {"line"}


@pytest.mark.django_db
def test_a_stranger_cannot_fill_the_log(capfd: pytest.CaptureFixture[str]) -> None:
    logging.config.dictConfig(settings.LOGGING)
    strict = Client(enforce_csrf_checks=True)
    for _ in range(3):
        assert strict.post("/sign-out/").status_code == 403
        assert strict.get("/sign-in/", headers={"host": "evil.example"}).status_code == 400
        assert strict.get("/sign-in/?" + "a=1&" * 2000).status_code == 400
        assert strict.post("/api/v1/envelopes", b"nonsense", content_type="x/y").status_code == 400
    assert capfd.readouterr().err == ""
