"""Signing in through a service that speaks SAML 2.0: a real identity provider's answers, and every lie one can tell."""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from django.test import Client
from django.urls import reverse
from lxml import etree
from signxml.signer import XMLSigner

from server.accounts import saml
from server.accounts.models import OutsideAccount, Role, SamlAnswer, User
from server.accounts.saml_metadata import TRANSIENT, SamlError, provider_of
from server.audit.models import Entry
from server.home import Saml

pytestmark = pytest.mark.django_db
BEGIN, ANSWER, DONE = (reverse(f"web:saml-{name}") for name in ("begin", "answer", "done"))
START = reverse("web:start")
ISSUER = "https://idp.example/metadata"
OURS = saml.Ours("http://testserver/sign-in/saml/metadata.xml", f"http://testserver{ANSWER}")
SAMLP, SAML = "urn:oasis:names:tc:SAML:2.0:protocol", "urn:oasis:names:tc:SAML:2.0:assertion"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"


def key_and_certificate() -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    key = rsa.generate_private_key(65537, 2048)
    name, now = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "idp.example")]), datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 7, now - timedelta(days=1), now + timedelta(days=9))
    return key, made.sign(key, hashes.SHA256())


def metadata(*certificates: x509.Certificate, more: str = "") -> str:
    keys = "".join(
        '<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>'
        f"<ds:X509Certificate>{base64.b64encode(one.public_bytes(Encoding.DER)).decode()}</ds:X509Certificate>"
        "</ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        for one in certificates
    )
    return (
        f'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{ISSUER}">'
        f'<md:IDPSSODescriptor protocolSupportEnumeration="{SAMLP}" {more}>{keys}<md:SingleSignOnService '
        'Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example/sso?tenant=1"/>'
        "</md:IDPSSODescriptor></md:EntityDescriptor>"
    )


class Idp:
    """The service of the house: knows one person, and can be made to say otherwise than it should."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.key, self.certificate = key_and_certificate()
        file.write_text(metadata(self.certificate))
        self.count = 0

    def answer(self, request: str, *, signs: str = "assertion", key: Any = None, **told: Any) -> str:
        """A signed answer to a request; ``told`` replaces what it says."""
        now, self.count = datetime.now(UTC), self.count + 1
        said: dict[str, Any] = {
            "issuer": ISSUER, "audience": OURS.entity_id, "recipient": OURS.answers, "destination": OURS.answers,
            "before": now - timedelta(minutes=1), "after": now + timedelta(minutes=5), "subject": "u-17",
            "format": PERSISTENT, "status": "Success", "number": self.count,
        } | told  # fmt: skip
        at = {name: f"{said[name]:%Y-%m-%dT%H:%M:%S.%fZ}" for name in ("before", "after")}
        replies = f'InResponseTo="{request}"' if request else ""
        root = etree.fromstring(
            f'<samlp:Response xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="_r{said["number"]}" Version="2.0" '
            f'IssueInstant="{at["before"]}" Destination="{said["destination"]}" {replies}>'
            f"<saml:Issuer>{said['issuer']}</saml:Issuer><samlp:Status>"
            f'<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:{said["status"]}"/></samlp:Status>\n'
            f'<saml:Assertion ID="_a{said["number"]}" Version="2.0" IssueInstant="{at["before"]}">'
            f"<saml:Issuer>{said['issuer']}</saml:Issuer><saml:Subject>"
            f'<saml:NameID Format="{said["format"]}">{said["subject"]}</saml:NameID>'
            '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData '
            f'NotOnOrAfter="{at["after"]}" Recipient="{said["recipient"]}" {replies}/></saml:SubjectConfirmation>'
            f'</saml:Subject><saml:Conditions NotBefore="{at["before"]}" NotOnOrAfter="{at["after"]}">'
            f"<saml:AudienceRestriction><saml:Audience>{said['audience']}</saml:Audience></saml:AudienceRestriction>"
            '</saml:Conditions><saml:AttributeStatement><saml:Attribute Name="urn:oid:2.16.840.1.113730.3.1.241" '
            'FriendlyName="displayName"><saml:AttributeValue>王芳</saml:AttributeValue></saml:Attribute>'
            '<saml:Attribute Name="uid"><saml:AttributeValue>wf</saml:AttributeValue></saml:Attribute>'
            "</saml:AttributeStatement></saml:Assertion>\n</samlp:Response>".encode()
        )
        inner = root.find(f"{{{SAML}}}Assertion")
        assert inner is not None
        if signs == "assertion":
            inner.tail = None
            signed = etree.tostring(self.signed(inner, key), encoding="unicode")
            root.replace(inner, etree.Element("here"))
            # As text: a node that is moved into a tree may change its prefixes, and with them what was signed.
            return etree.tostring(root, encoding="unicode").replace("<here/>", f"\n{signed}\n")
        if signs == "response":
            root = self.signed(root, key)
        return etree.tostring(root, encoding="unicode")

    def signed(self, element: Any, key: Any = None) -> Any:
        space = "http://www.w3.org/2000/09/xmldsig#"
        place = etree.SubElement(element, f"{{{space}}}Signature", {"Id": "placeholder"}, {"ds": space})
        element.insert(1, place)
        signer = XMLSigner(c14n_algorithm="http://www.w3.org/2001/10/xml-exc-c14n#")  # type: ignore[arg-type]
        return signer.sign(
            element, key=key or self.key, cert=[self.certificate], reference_uri=element.get("ID"), id_attribute="ID"
        )


@pytest.fixture
def idp(settings: Any, tmp_path: Path) -> Idp:
    """The service of the house, named in the settings."""
    made = Idp(tmp_path / "idp.xml")
    settings.MIJIAN_SAML = Saml(metadata_file=str(made.file), label="单位统一登录")
    return made


def asked(client: Client, **query: str) -> str:
    """The id of the request that a browser is led to the service with."""
    there = client.get(BEGIN, query)["Location"]
    parts = urlsplit(there)
    assert (parts.scheme, parts.netloc, parse_qs(parts.query)["tenant"]) == ("https", "idp.example", ["1"])
    request = unpacked(there)
    assert OURS.answers in request
    assert OURS.entity_id in request
    return id_in(request)


def unpacked(address: str) -> str:
    """The request in an address of the service."""
    told = parse_qs(urlsplit(address).query)["SAMLRequest"][0]
    return zlib.decompress(base64.b64decode(told), -15).decode()


def id_in(request: str) -> str:
    found = re.search(r' ID="([^"]+)"', request)
    assert found is not None
    return found[1]


def packed(answer: str) -> str:
    return base64.b64encode(answer.encode()).decode()


def bring(client: Client, answer: str) -> Any:
    """What a browser gets that brings an answer: the form of another site comes without our cookies."""
    form, another_site = {"SAMLResponse": packed(answer)}, {"origin": "https://idp.example"}
    first = Client(enforce_csrf_checks=True).post(ANSWER, form, headers=another_site)
    return client.get(first["Location"]) if first.status_code == 303 else first


def tied(person: Callable[..., User], subject: str = "u-17") -> User:
    user = person(Role.OFFICER, "wangfang")
    OutsideAccount.objects.create(
        road="saml", issuer=ISSUER, subject=subject, user=user, first_seen_at="2026-01-01T00:00:00Z",
        last_seen_at="2026-01-01T00:00:00Z",
    )  # fmt: skip
    return user


@pytest.mark.parametrize("signs", ["assertion", "response"])
def test_whom_the_service_vouches_for_is_let_in_where_an_administrator_has_tied_them(
    idp: Idp, client: Client, person: Callable[..., User], signs: str
) -> None:
    user = tied(person)
    answer = bring(client, idp.answer(asked(client, next=reverse("web:violations")), signs=signs))
    assert (answer.status_code, answer["Location"]) == (302, reverse("web:violations"))
    assert client.get(START).wsgi_request.user == user
    entry = Entry.objects.get(action="account.sign-in")
    assert entry.detail["road"] == "saml"


def test_a_stranger_opens_nothing_and_is_shown_to_the_administrator(
    idp: Idp, client: Client, person: Callable[..., User]
) -> None:
    person(Role.ADMIN, "u-17")  # an account of that very name: it decides nothing
    answer = bring(client, idp.answer(asked(client)))
    assert answer.status_code == 403
    assert client.get(START).status_code == 302
    stranger = OutsideAccount.objects.get()
    assert (stranger.road, stranger.issuer, stranger.subject, stranger.user) == ("saml", ISSUER, "u-17", None)
    assert stranger.shown == "王芳 (u-17)"


LIES: dict[str, dict[str, Any]] = {
    "unsigned": {"signs": "nothing"},
    "signed by another key": {"key": rsa.generate_private_key(65537, 2048)},
    "expired": {"before": datetime.now(UTC) - timedelta(hours=2), "after": datetime.now(UTC) - timedelta(minutes=5)},
    "not yet": {"before": datetime.now(UTC) + timedelta(minutes=30), "after": datetime.now(UTC) + timedelta(hours=1)},
    "another audience": {"audience": "https://payroll.example/saml"},
    "another recipient": {"recipient": "https://payroll.example/acs"},
    "another address": {"destination": "https://payroll.example/acs"},
    "another issuer": {"issuer": "https://other-idp.example"},
    "no success": {"status": "Responder"},
    "another name each time": {"format": TRANSIENT},
    "nobody": {"subject": " "},
}


@pytest.mark.parametrize("lie", LIES)
def test_an_answer_that_does_not_hold_is_refused(
    lie: str, idp: Idp, client: Client, person: Callable[..., User]
) -> None:
    tied(person)
    answer = bring(client, idp.answer(asked(client), **LIES[lie]))
    assert answer.status_code == 403
    assert client.get(START).status_code == 302
    assert not SamlAnswer.objects.exists()
    assert Entry.objects.filter(action="account.sign-in-failed").count() == 1


def test_an_altered_answer_is_refused(idp: Idp, client: Client) -> None:
    sound = idp.answer(asked(client))
    for one in (
        sound.replace("u-17", "u-18"),
        sound.replace("王芳", "张三"),
        sound.replace("DigestValue>", "DigestValu>"),
    ):
        assert bring(client, one).status_code == 403


def test_an_unsigned_assertion_beside_a_signed_one_is_never_read(idp: Idp, client: Client) -> None:
    """Signature wrapping: the signed assertion is moved aside, and another stands in its place."""
    sound = idp.answer(asked(client))
    inner = re.search(r"<saml:Assertion.*</saml:Assertion>", sound, re.DOTALL)
    assert inner is not None
    bare = re.sub(r"<ds:Signature.*</ds:Signature>", "", inner[0], flags=re.DOTALL).replace("u-17", "u-1")
    forged = bare.replace('ID="_a1"', 'ID="_a9"')
    aside = f"<samlp:Extensions>{inner[0]}</samlp:Extensions>"
    within = forged.replace("</saml:Assertion>", f"<saml:Advice>{inner[0]}</saml:Advice></saml:Assertion>")
    signature = re.search(r"<ds:Signature.*</ds:Signature>", inner[0], re.DOTALL)
    assert signature is not None
    moved = forged.replace("<saml:Subject>", signature[0] + "<saml:Subject>", 1)
    for one in (forged + inner[0], inner[0] + forged, aside + forged, within, moved + aside, bare):
        assert bring(client, sound.replace(inner[0], one)).status_code == 403, one[:60]


def test_a_comment_does_not_cut_a_name_short(idp: Idp, client: Client, person: Callable[..., User]) -> None:
    tied(person)  # u-17: what "u-17<!---->8" was cut to by readers that stop at a comment
    sound = idp.answer(asked(client), subject="u-178")
    assert bring(client, sound.replace("u-178", "u-17<!---->8")).status_code == 403
    assert OutsideAccount.objects.filter(subject="u-178").exists()
    assert client.get(START).status_code == 302


def test_an_answer_counts_once(idp: Idp, client: Client, person: Callable[..., User]) -> None:
    tied(person)
    answer = idp.answer(asked(client))
    first = Client().post(ANSWER, {"SAMLResponse": packed(answer)})
    assert client.get(first["Location"]).status_code == 302
    assert Client().post(ANSWER, {"SAMLResponse": packed(answer)}).status_code == 403
    assert client.get(first["Location"]).status_code == 403


def test_an_answer_opens_no_other_browser_and_none_that_did_not_ask(
    idp: Idp, client: Client, person: Callable[..., User]
) -> None:
    tied(person)
    stolen = idp.answer(asked(client))
    victim = Client()
    asked(victim)
    assert bring(victim, stolen).status_code == 403  # signed in as somebody else without knowing
    assert bring(client, idp.answer("")).status_code == 403  # nobody asked for it
    assert bring(Client(), idp.answer("_made-up")).status_code == 403


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "%%%",
        packed("<not closed"),
        packed("<a/>"),
        packed('<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>'),
        packed("<r>" + "x" * 300_000 + "</r>"),
    ],
)
def test_whatever_is_posted_it_is_refused(idp: Idp, raw: str) -> None:
    assert Client().post(ANSWER, {"SAMLResponse": raw}).status_code == 403


def test_an_attribute_may_name_people_in_place_of_the_name_id(
    idp: Idp, client: Client, person: Callable[..., User], settings: Any
) -> None:
    settings.MIJIAN_SAML = Saml(metadata_file=str(idp.file), subject_attribute="uid")
    tied(person, "wf")
    assert bring(client, idp.answer(asked(client), format=TRANSIENT)).status_code == 302
    settings.MIJIAN_SAML = Saml(metadata_file=str(idp.file), subject_attribute="employeeNumber")
    assert bring(Client(), idp.answer(asked(Client()))).status_code == 403


def test_a_service_that_changes_its_certificate_is_followed_from_its_file(
    idp: Idp, client: Client, person: Callable[..., User]
) -> None:
    tied(person)
    key, certificate = key_and_certificate()
    assert bring(client, idp.answer(asked(client), key=key)).status_code == 403
    idp.file.write_text(metadata(idp.certificate, certificate))
    idp.certificate = certificate
    assert bring(client, idp.answer(asked(client), key=key)).status_code == 302


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda text: text.replace("https://idp.example/sso", "http://idp.example/sso"), "https"),
        (lambda text: text.replace("HTTP-Redirect", "SOAP"), "HTTP-Redirect"),
        (lambda text: re.sub(r"<md:KeyDescriptor.*</md:KeyDescriptor>", "", text), "certificate"),
        (lambda text: text.replace("IDPSSODescriptor", "SPSSODescriptor"), "one identity provider"),
        (
            lambda text: text.replace("<md:IDPSSODescriptor", '<md:IDPSSODescriptor WantAuthnRequestsSigned="true"'),
            "signed",
        ),
        (lambda _: "no xml", "XML"),
    ],
)
def test_metadata_that_cannot_be_worked_with_says_why(
    idp: Idp, client: Client, change: Callable[[str], str], told: str
) -> None:
    idp.file.write_text(change(metadata(idp.certificate)))
    with pytest.raises(SamlError, match=told):
        provider_of(str(idp.file))
    assert client.get(BEGIN).status_code == 502


def test_our_own_metadata_tells_the_service_where_answers_go(idp: Idp, client: Client, settings: Any) -> None:
    root = etree.fromstring(client.get(reverse("web:saml-metadata")).content)
    assert root.get("entityID") == OURS.entity_id
    (place,) = root.iter("{urn:oasis:names:tc:SAML:2.0:metadata}AssertionConsumerService")
    assert place.get("Location") == OURS.answers
    settings.MIJIAN_ADDRESS = "https://mijian.example/"
    told = client.get(reverse("web:saml-metadata")).content.decode()
    assert 'Location="https://mijian.example/sign-in/saml/answer/"' in told


def test_without_the_setting_there_is_no_such_way_in(client: Client) -> None:
    assert [client.get(at).status_code for at in (BEGIN, DONE, reverse("web:saml-metadata"))] == [404, 404, 404]
    assert client.post(ANSWER, {"SAMLResponse": "x"}).status_code == 404
    assert "saml" not in client.get(reverse("web:sign-in")).content.decode()


def test_the_door_shows_the_way_in_by_its_name(idp: Idp, client: Client) -> None:
    shown = client.get(reverse("web:sign-in"), {"next": reverse("web:violations")}).content.decode()
    assert "单位统一登录" in shown
    assert f"{BEGIN}?next=/violations/" in shown
