"""Addresses of the API, version 1 (contract)."""

from __future__ import annotations

from django.urls import path

from server.intake.views.enroll import enroll
from server.intake.views.envelopes import envelopes
from server.intake.views.policy import policy
from server.intake.views.violations import violations

app_name = "api"
urlpatterns = [
    path("enroll", enroll, name="enroll"),
    path("envelopes", envelopes, name="envelopes"),
    path("policy", policy, name="policy"),
    path("violations", violations, name="violations"),
]
