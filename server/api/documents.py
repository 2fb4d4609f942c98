"""``/api/docs/``: what programs can ask for, as a page of ours: no script, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from server.api.auth import Key
from server.api.urls import api
from server.web.pages import SignedInRequest, page, show


@page
@require_safe
def documents(request: SignedInRequest) -> HttpResponse:
    """Show every operation with its scope and what it takes."""
    return show(request, "web/api_docs.html", {"groups": _groups(), "base": "/api/v1"}, at="keys")


@cache
def _groups() -> Mapping[str, list[dict[str, Any]]]:
    """The operations by tag, from what openapi.json is made of."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for bound in api._get_bound_routers():
        for path, view in bound.path_operations.items():
            for operation in view.operations:
                scopes = [key.scope.value for key in operation.auth_callbacks if isinstance(key, Key)]
                for method in operation.methods:
                    groups.setdefault((operation.tags or [""])[0], []).append(
                        {
                            "method": method,
                            "path": f"{bound.prefix}{path}",
                            "scope": scopes[0] if scopes else "",
                            "told": (operation.description or "").strip().partition("\n")[0],
                            "takes": _takes(operation),
                        }
                    )
    return groups


def _takes(operation: Any) -> list[str]:
    """Names of what an operation takes beside its address."""
    names: list[str] = []
    for model in operation.models:
        if model.__ninja_param_source__ != "path":
            for name, field in model.model_fields.items():
                inner = getattr(field.annotation, "model_fields", None)
                names += [one.alias or key for key, one in inner.items()] if inner else [name]
    return names
