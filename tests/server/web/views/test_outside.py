"""Signing in through the organisation's service: a real OpenID Connect provider on this computer, and its lies."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
import requests
from django.test import Client
from django.urls import reverse
from joserfc import jwt
from joserfc.jwk import RSAKey

from server.accounts import oidc
from server.accounts import second_factor as factors
from server.accounts.models import Factor, OutsideAccount, Role, User
from server.audit.models import Entry
from server.home import Oidc

pytestmark = pytest.mark.django_db
BEGIN, BACK, START = reverse("web:outside-begin"), reverse("web:outside-back"), reverse("web:start")
SECRET = "the client's secret of this test"


class Provider:
    """A small provider: the code flow with PKCE, an RS256 key, and one person who is always signed in there."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
        self.asked: dict[str, dict[str, str]] = {}
        self.claims: dict[str, Any] = {}
        """What the next token says otherwise than it should."""
        self.signed_by = self.key
        self.requests = 0
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.requests += 1
                parts = urlsplit(self.path)
                if parts.path == "/.well-known/openid-configuration":
                    self.tell(provider.metadata())
                elif parts.path == "/jwks":
                    self.tell({"keys": [provider.key.as_dict(private=False)]})
                elif parts.path == "/authorize":
                    self.send_response(302)
                    self.send_header("Location", provider.authorize(dict(parse_qsl(parts.query))))
                    self.end_headers()
                else:
                    self.send_error(404)

            def do_POST(self) -> None:
                provider.requests += 1
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                told = provider.token({key: value[0] for key, value in form.items()}, self.headers["Authorization"])
                self.tell(told or {"error": "invalid_grant"}, 200 if told else 400)

            def tell(self, content: dict[str, Any], status: int = 200) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(content).encode())

            def log_message(self, *_told: Any) -> None:
                """Keeps the tests' output clean."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"

    def metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }

    def authorize(self, asked: dict[str, str]) -> str:
        code = secrets.token_urlsafe(16)
        self.asked[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, form: dict[str, str], authorization: str) -> dict[str, Any] | None:
        asked = self.asked.pop(form.get("code", ""), None)
        basic = base64.b64decode(authorization.removeprefix("Basic ")).decode().split(":", 1)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or basic[1] not in (SECRET, requests.utils.quote(SECRET)):
            return None
        if challenge != asked["code_challenge"] or form["redirect_uri"] != asked["redirect_uri"]:
            return None
        claims = {
            "iss": self.issuer,
            "sub": "u-17",
            "aud": asked["client_id"],
            "nonce": asked["nonce"],
            "iat": int(time.time()),
            "exp": int(time.time()) + 300,
            "name": "王芳",
            "preferred_username": "admin",
        }
        token = jwt.encode({"alg": "RS256", "kid": "one"}, claims | self.claims, self.signed_by)
        return {"access_token": "x", "token_type": "Bearer", "id_token": token}


@pytest.fixture
def provider(settings: Any, tmp_path: Path) -> Iterator[Provider]:
    """The provider of the house, named in the settings."""
    made = Provider()
    thread = threading.Thread(target=made.server.serve_forever, daemon=True)
    thread.start()
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    settings.MIJIAN_OIDC = Oidc(
        issuer=made.issuer, client_id="mijian", secret_file=str(tmp_path / "secret"), label="单位统一登录"
    )
    oidc._client.cache_clear()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


def come_back(client: Client, **query: str) -> str:
    """Go to the provider and return with its word; the address the browser is sent back to."""
    there = client.get(BEGIN, query)
    assert there.status_code == 302, there.content.decode()
    back = requests.get(there["Location"], allow_redirects=False, timeout=30).headers["Location"]
    parts = urlsplit(back)
    return f"{parts.path}?{parts.query}"


def tied(person: Callable[..., User], provider: Provider, **more: Any) -> User:
    user = person(Role.OFFICER, "wangfang", **more)
    OutsideAccount.objects.create(
        road="oidc", issuer=provider.issuer, subject="u-17", user=user, first_seen_at="2026-01-01T00:00:00Z",
        last_seen_at="2026-01-01T00:00:00Z",
    )  # fmt: skip
    return user


def test_whom_the_service_vouches_for_gets_in_where_an_administrator_has_said_who_it_is(
    client: Client, provider: Provider, person: Callable[..., User]
) -> None:
    user = tied(person, provider)
    answer = client.get(come_back(client, next=reverse("web:violations")))
    assert answer["Location"] == reverse("web:violations")
    assert client.get(START).wsgi_request.user == user
    assert Entry.objects.get(action="account.sign-in").detail["road"] == "oidc"


def test_a_stranger_gets_nothing_even_with_the_name_of_an_account_here(
    client: Client, provider: Provider, person: Callable[..., User]
) -> None:
    person(Role.ADMIN, "admin")
    answer = client.get(come_back(client))
    assert answer.status_code == 403
    assert client.get(START).status_code == 302
    account = OutsideAccount.objects.get()
    assert (account.user, account.subject, account.shown) == (None, "u-17", "王芳 (admin)")
    assert Entry.objects.filter(action="outside.stranger").count() == 1


def test_an_administrator_ties_a_stranger_and_unties_again(
    client: Client, provider: Provider, person: Callable[..., User]
) -> None:
    client.get(come_back(client))
    person(Role.IT, "wangfang")
    boss = Client()
    boss.force_login(person(Role.ADMIN))
    pk = OutsideAccount.objects.get().pk
    assert "王芳" in boss.get(reverse("web:outside")).content.decode()
    boss.post(reverse("web:outside"), {"account": pk, "username": "nobody"})
    assert client.get(come_back(client)).status_code == 403
    boss.post(reverse("web:outside"), {"account": pk, "username": "wangfang"})
    assert client.get(come_back(client)).status_code == 302
    boss.post(reverse("web:outside"), {"account": pk, "forget": "1"})
    assert Client().get(come_back(client)).status_code == 403
    told = list(Entry.objects.filter(action__startswith="outside.").order_by("id").values_list("action", flat=True))
    assert told[:3] == ["outside.stranger", "outside.tie", "outside.forget"]


@pytest.mark.parametrize("role", [Role.OFFICER, Role.AUDITOR, Role.IT])
def test_nobody_else_ties_anybody(person: Callable[..., User], role: Role) -> None:
    client = Client()
    client.force_login(person(role))
    assert client.get(reverse("web:outside")).status_code == 403
    assert client.post(reverse("web:outside"), {"account": "1", "username": role.value}).status_code == 403


def test_who_has_a_second_factor_here_is_asked_for_it_all_the_same(
    client: Client, provider: Provider, person: Callable[..., User]
) -> None:
    user = tied(person, provider)
    factors.add(user, kind=Factor.Kind.APP, name="x", secret=b"", counter=0)
    assert client.get(come_back(client))["Location"] == reverse("web:second-factor")
    assert "_auth_user_id" not in client.session


def test_an_account_that_was_switched_off_opens_nothing(
    client: Client, provider: Provider, person: Callable[..., User]
) -> None:
    tied(person, provider, is_active=False)
    assert client.get(come_back(client)).status_code == 403


@pytest.mark.parametrize(
    "lie",
    [
        {"aud": "another-client"},
        {"nonce": "of another sign-in"},
        {"iss": "https://elsewhere.example"},
        {"exp": 1},
        {"sub": None},
        {"sub": ""},
        {"sub": {"$ne": 1}},
        {"sub": "u" * 300},
    ],
    ids=str,
)
def test_a_token_that_does_not_hold_opens_nothing(
    client: Client, provider: Provider, person: Callable[..., User], lie: dict[str, Any]
) -> None:
    tied(person, provider)
    provider.claims = lie
    assert client.get(come_back(client)).status_code == 403
    assert "_auth_user_id" not in client.session


def test_a_token_signed_by_another_key_opens_nothing(
    client: Client, provider: Provider, person: Callable[..., User]
) -> None:
    tied(person, provider)
    provider.signed_by = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
    assert client.get(come_back(client)).status_code == 403


def test_an_answer_counts_once_and_in_the_browser_that_asked_only(
    client: Client, provider: Provider, person: Callable[..., User]
) -> None:
    tied(person, provider)
    back = come_back(client)
    assert Client().get(back).status_code == 403, "planted in another browser (login CSRF)"
    back = come_back(client)
    assert client.get(back).status_code == 302
    client.post(reverse("web:sign-out"))
    assert client.get(back).status_code == 403, "played back"


@pytest.mark.parametrize("query", ["", "?code=x", "?code=x&state=y", "?error=access_denied&error_description=%3Cb%3E"])
def test_a_made_up_answer_opens_nothing(client: Client, provider: Provider, query: str) -> None:
    answer = client.get(BACK + query)
    assert answer.status_code == 403
    assert b"access_denied" not in answer.content


def test_a_service_that_calls_itself_otherwise_is_not_asked(client: Client, provider: Provider, settings: Any) -> None:
    settings.MIJIAN_OIDC = Oidc(
        issuer=provider.issuer + "/", client_id="mijian", secret_file=settings.MIJIAN_OIDC.secret_file
    )
    assert client.get(BEGIN).status_code == 502


def test_a_service_that_is_down_is_told_and_passwords_still_open(
    client: Client, provider: Provider, person: Callable[..., User], settings: Any
) -> None:
    settings.MIJIAN_OIDC = Oidc(issuer="http://127.0.0.1:9", client_id="x", secret_file="/nowhere")
    answer = client.get(BEGIN)
    assert answer.status_code == 502
    person(Role.IT, "alice")
    form = {"username": "alice", "password": "对马海峡-correct-horse"}
    assert client.post(reverse("web:sign-in"), form).status_code == 302


def test_nothing_is_asked_of_the_service_before_somebody_chooses_it(client: Client, provider: Provider) -> None:
    assert "单位统一登录" in client.get(reverse("web:sign-in")).content.decode()
    assert provider.requests == 0


def test_without_the_setting_there_is_no_such_way_in(client: Client) -> None:
    assert "outside" not in client.get(reverse("web:sign-in")).content.decode()
    assert client.get(BEGIN).status_code == client.get(BACK).status_code == 404
