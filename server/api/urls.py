"""The API as a whole: its resources, its form of errors, and its own description at ``/api/v1/openapi.json``."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI

from server.api import arrivals, departments, exports, house, ledgers, violations, waivers
from server.api.problems import teach


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
for _module in (arrivals, exports, house):
    api.add_router("", _module.router)
teach(api)
urlpatterns = api.urls
