"""Fixtures for the tests of the intake: real commits, and a gate that starts with a clean slate."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.http import HttpResponse
from django.test import Client

from protocol import keys, receipts
from protocol.envelope import MEDIA_TYPE
from server.intake import refusals
from server.intake.spool import spool
from server.keys import collector_keys


@pytest.fixture(autouse=True)
def clean_slate(transactional_db: None) -> Iterator[None]:
    """Every test sees real transactions; no thread of an earlier one is left."""
    refusals.meter.forget()
    yield
    spool.stop()


@pytest.fixture
def post(client: Client) -> Callable[..., tuple[int, receipts.Receipt]]:
    """Posts an envelope as an agent does; the status and the receipt, whose signature has been checked."""

    def send(raw: bytes, **more: str) -> tuple[int, receipts.Receipt]:
        extra = {"CONTENT_LENGTH": str(len(raw)), **more}  # the client of Django says none for an empty body
        answer: HttpResponse = client.post("/api/v1/envelopes", raw, content_type=MEDIA_TYPE, **extra)
        return answer.status_code, receipts.open_receipt(answer.content, keys.public_bytes(collector_keys().signing))

    return send
