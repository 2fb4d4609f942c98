"""Addresses of the agents' API, version 1 (contract). That of programs is `server.api`."""

from __future__ import annotations

from django.urls import path

from server.intake.views.enroll import enroll
from server.intake.views.envelopes import envelopes
from server.intake.views.policy import policy, rules

app_name = "api"
urlpatterns = [
    path("enroll", enroll, name="enroll"),
    path("envelopes", envelopes, name="envelopes"),
    path("policy", policy, name="policy"),
    path("rules", rules, name="rules"),
]
