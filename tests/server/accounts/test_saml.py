"""Answers as another program made them (pysaml2, signed by libxmlsec1): read as they stand, within their time alone."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from server.accounts import saml
from server.accounts.saml_metadata import SamlError
from server.home import Saml

RECORDED = Path(__file__).parent / "saml"
OURS = saml.Ours("http://testserver/sign-in/saml/metadata.xml", "http://testserver/sign-in/saml/answer/")
MADE = datetime(2026, 11, 22, 6, 45, tzinfo=UTC)
SERVICE = Saml(metadata_file=str(RECORDED / "idp.xml"))


def recorded(name: str) -> str:
    return base64.b64encode((RECORDED / f"{name}.xml").read_bytes()).decode()


@pytest.mark.parametrize("signed", ["assertion", "response", "both"])
def test_answers_of_another_program_are_read_whatever_part_it_signed(signed: str) -> None:
    told = saml.verify(SERVICE, OURS, recorded(signed), now=MADE)
    assert (told.issuer, told.subject, told.shown) == ("https://idp.example/metadata", "u-17", "王芳 (u-17)")
    assert told.request == "_the-request"
    assert told.until == datetime(2026, 11, 22, 6, 59, 43, tzinfo=UTC)


@pytest.mark.parametrize(
    ("later", "why"), [(timedelta(hours=1), "expired"), (-timedelta(hours=1), "does not hold yet")]
)
def test_they_hold_within_their_time_alone(later: timedelta, why: str) -> None:
    with pytest.raises(SamlError, match=why):
        saml.verify(SERVICE, OURS, recorded("both"), now=MADE + later)


def test_an_answer_signed_with_an_outdated_algorithm_is_refused() -> None:
    weak = base64.b64decode(recorded("assertion")).replace(
        b"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", b"http://www.w3.org/2000/09/xmldsig#rsa-sha1"
    )
    with pytest.raises(SamlError, match="signature does not hold"):
        saml.verify(SERVICE, OURS, base64.b64encode(weak).decode(), now=MADE)
