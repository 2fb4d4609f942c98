"""Signs people in by name and password, and loads who is signed in with the department that says what they see."""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from server.accounts import ldap, outside
from server.accounts.models import User
from server.home import Ldap

DIRECTORY = "mijian_directory"
"""Attribute of a request that says what the directory answered: ``known``, ``stranger`` or ``down``."""
log = logging.getLogger(__name__)


class Backend(ModelBackend):
    """Django's own, with accounts that end by themselves and the scope loaded in the same query."""

    def get_user(self, user_id: Any) -> User | None:
        """The account of a session; None once it may no longer be used."""
        user = User.objects.select_related("department").filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None

    def user_can_authenticate(self, user: Any) -> bool:
        """Whether an account may sign in now."""
        return isinstance(user, User) and user.is_current


class DirectoryBackend(Backend):
    """Asks the organisation's directory, where one is set, about names and passwords that are not the collector's."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **_more: Any
    ) -> User | None:
        """The account tied to whom the directory knows."""
        directory: Ldap | None = settings.MIJIAN_LDAP
        if directory is None or request is None or not username or not password:
            return None
        name = username.strip().casefold()  # a directory does not tell them apart either
        try:
            if not ldap.fits(directory, name, password):
                return None
        except ldap.DirectoryError as error:
            log.warning("the directory cannot be asked: %s", error)
            setattr(request, DIRECTORY, "down")
            return None
        user = outside.recognise("ldap", directory.url, name, shown=name)
        setattr(request, DIRECTORY, "stranger" if user is None else "known")
        return user
