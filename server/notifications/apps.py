"""Registers the app."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    """The app ``server.notifications``."""

    name = "server.notifications"
    verbose_name = _("Notifications")

    def ready(self) -> None:
        """Take on what other apps hand out."""
        from server.notifications import reminders

        reminders.connect()
