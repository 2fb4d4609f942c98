"""Sign-in through the organisation's own service (OpenID Connect Core 1.0, code flow with PKCE), by Authlib.

Nothing is asked of the service before somebody chooses this way in; without the setting ``oidc`` there is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.django_client import OAuth
from django.http import HttpRequest, HttpResponse
from joserfc.errors import JoseError

from server.home import Oidc

SECONDS = 10
"""How long the service may take for each answer."""


class OidcError(Exception):
    """The service could not be asked, or what it said does not hold; ``str()`` says why, for the log."""


@dataclass(frozen=True)
class Voucher:
    """Whom the service vouches for."""

    subject: str
    """What it never gives to anybody else (``sub``)."""
    shown: str
    """A name to recognise the person by."""


def begin(request: HttpRequest, service: Oidc, back: str) -> HttpResponse:
    """Lead the browser to the service; ``back`` is where it is to return to. Raises `OidcError`."""
    try:
        client = _client(service)
        _check_issuer(client, service)
        answer: HttpResponse = client.authorize_redirect(request, back)
    except (AuthlibBaseError, requests.RequestException, ValueError, KeyError, RuntimeError) as error:
        raise OidcError(_why(error)) from error
    return answer


def finish(request: HttpRequest, service: Oidc) -> Voucher:
    """Whom the browser brings word of: its code is exchanged, the token's signature, audience and nonce checked."""
    try:
        client = _client(service)
        _check_issuer(client, service)
        token: dict[str, Any] = client.authorize_access_token(request)
        claims = token["userinfo"]
        subject, issuer = claims["sub"], claims["iss"]
    except (AuthlibBaseError, JoseError, requests.RequestException, ValueError, KeyError, TypeError) as error:
        raise OidcError(_why(error)) from error
    if issuer != service.issuer or not isinstance(subject, str):
        raise OidcError("the token speaks for another issuer")
    name = claims.get("name") or claims.get("preferred_username") or ""
    login = claims.get("preferred_username") or ""
    return Voucher(subject, f"{name} ({login})" if login and login != name else str(name))


def _check_issuer(client: Any, service: Oidc) -> None:
    """The service must call itself what the settings call it (OpenID Connect Discovery 4.3)."""
    told = client.load_server_metadata()
    if told.get("issuer") != service.issuer:
        raise ValueError("the service calls itself by another name than 'oidc.issuer'")
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        if not _is_safe(str(told.get(name, ""))):
            raise ValueError(f"its {name} is not reached by https")


def _is_safe(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1"))


@lru_cache(maxsize=4)
def _client(service: Oidc) -> Any:
    if not _is_safe(service.issuer):
        raise ValueError("'oidc.issuer' must begin with https://")
    try:
        secret = Path(service.secret_file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ValueError(f"'oidc.secret_file' cannot be read: {error.strerror}") from error
    oauth = OAuth()
    oauth.register(
        "mijian",
        client_id=service.client_id,
        client_secret=secret,
        server_metadata_url=f"{service.issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid profile", "code_challenge_method": "S256", "default_timeout": SECONDS},
    )
    return oauth.create_client("mijian")


def _why(error: Exception) -> str:
    """What went wrong, without what the service or the browser sent along."""
    told = str(error)[:200] if isinstance(error, ValueError | requests.RequestException) else ""
    return f"{type(error).__name__} {told}".strip()
