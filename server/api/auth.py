"""Who asks: the key a request shows, and the scope that an operation takes."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja.security import HttpBearer

from server.accounts import api_keys
from server.accounts.models import ApiKey, ApiScope, Right, User
from server.api.problems import Problem


class Key(HttpBearer):
    """An API key with one scope. The person's own rights and departments hold beside it."""

    openapi_name = "ApiKey"

    def __init__(self, scope: ApiScope) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:  # noqa: ARG002 (ninja gives both)
        """The key, counted as used; None for one that opens nothing. Raises `Problem` where it lacks the scope."""
        key = api_keys.shown(f"Bearer {token}")
        if key is not None and not key.holds(self.scope):
            raise Problem(403, "scope", _("This key lacks the scope “%(scope)s”.") % {"scope": self.scope.value})
        return key


READ, REVIEW, LEDGER, ADMIN = (
    Key(ApiScope.READ),
    Key(ApiScope.REVIEW),
    Key(ApiScope.LEDGER),
    Key(ApiScope.ADMIN),
)


def key_of(request: HttpRequest) -> ApiKey:
    """The key of a request that was let in."""
    return cast("ApiKey", request.auth)  # type: ignore[attr-defined]


def person_of(request: HttpRequest) -> User:
    """The person for whom the program acts."""
    return key_of(request).user


def require(request: HttpRequest, right: Right, *, whole_house: bool = False) -> User:
    """The person of the key, who has this right (and, where asked, sees everything). Raises `Problem`."""
    user = person_of(request)
    if not user.may(right) or (whole_house and not user.sees_everything):
        raise Problem(403, "forbidden", _("The person of this key may not do this."))
    return user
