"""The API as a whole: its resources, its form of errors, and its own description at ``/api/v1/openapi.json``."""

from __future__ import annotations

import functools
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern
from ninja import NinjaAPI

from server.api import (
    arrivals,
    campaigns,
    departments,
    exports,
    house,
    incidents,
    ledgers,
    policy,
    reports,
    rules,
    sessions,
    users,
    violations,
    waivers,
)
from server.api.problems import Problem, answer, teach


class Api(NinjaAPI):
    """An API whose answers nobody keeps."""

    def create_response(self, request: HttpRequest, data: Any, **more: Any) -> HttpResponse:
        """The answer in JSON."""
        response = super().create_response(request, data, **more)
        response.headers["Cache-Control"] = "no-store"
        return response


api = Api(
    title="Mijian",
    version="1",
    description="What the pages do, for programs. Send a key as “Authorization: Bearer …”; errors follow RFC 9457.",
    urls_namespace="programs",
    docs_url=None,
)
api.add_router("/violations", violations.router)
api.add_router("/waivers", waivers.router)
api.add_router("/ledgers", ledgers.router)
api.add_router("/departments", departments.router)
api.add_router("/media-sessions", sessions.router)
api.add_router("/campaigns", campaigns.router)
api.add_router("/incidents", incidents.router)
api.add_router("/reports", reports.router)
api.add_router("/policies", policy.router)
api.add_router("/rule-bundles", rules.router)
for _module in (arrivals, exports, house, users):
    api.add_router("", _module.router)
teach(api)


def _as_problem(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A view whose answer to a wrong method has the form of every other error."""

    @functools.wraps(view)
    def told(*given: Any, **named: Any) -> HttpResponseBase:
        """The view, with that answer told anew."""
        response = view(*given, **named)
        if response.status_code != HTTPStatus.METHOD_NOT_ALLOWED:
            return response
        problem = answer(Problem(405, "wrong-method", "openapi.json says which methods there are here"))
        problem.headers["Allow"] = response.headers["Allow"]
        return problem

    return told


def _urls() -> tuple[list[URLPattern], str, str]:
    patterns, app, space = api.urls
    for pattern in patterns:
        assert isinstance(pattern, URLPattern)  # noqa: S101 (what ninja makes)
        pattern.callback = _as_problem(pattern.callback)
    return cast("list[URLPattern]", patterns), app, space


urlpatterns = _urls()
