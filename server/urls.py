"""Addresses of the collector: the API for agents and programs, the pages for people."""

from __future__ import annotations

from django.urls import include, path

from server.api.documents import documents
from server.api.urls import urlpatterns as programs
from server.intake.views.health import health

handler500 = "server.web.dead_ends.server_error"
urlpatterns = [
    path("api/v1/", include("server.intake.urls")),
    path("api/v1/", programs),
    path("api/docs/", documents, name="api-docs"),
    path("healthz", health, name="health"),
    path("", include("server.web.urls")),
]
