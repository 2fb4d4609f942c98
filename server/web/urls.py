"""Addresses of the pages. Their names are stable: other apps and bookmarks rely on them."""

from __future__ import annotations

from django.urls import path

from server.web.views.assign import assign
from server.web.views.comment import comment
from server.web.views.computers import computers
from server.web.views.false_alarm import false_alarm
from server.web.views.imports import imports
from server.web.views.language import language
from server.web.views.rectify import rectify
from server.web.views.reopen import reopen
from server.web.views.reveal import reveal
from server.web.views.sign_in import sign_in
from server.web.views.sign_out import sign_out
from server.web.views.start import start
from server.web.views.violation import violation
from server.web.views.violations import violations

app_name = "web"

urlpatterns = [
    path("", start, name="start"),
    path("sign-in/", sign_in, name="sign-in"),
    path("sign-out/", sign_out, name="sign-out"),
    path("language/", language, name="language"),
    path("violations/", violations, name="violations"),
    path("violations/<uuid:pk>/", violation, name="violation"),
    path("violations/<uuid:pk>/assign/", assign, name="assign"),
    path("violations/<uuid:pk>/false-alarm/", false_alarm, name="false-alarm"),
    path("violations/<uuid:pk>/rectified/", rectify, name="rectify"),
    path("violations/<uuid:pk>/reopen/", reopen, name="reopen"),
    path("violations/<uuid:pk>/comment/", comment, name="comment"),
    path("violations/<uuid:pk>/reveal/", reveal, name="reveal"),
    path("computers/", computers, name="computers"),
    path("imports/", imports, name="imports"),
]
