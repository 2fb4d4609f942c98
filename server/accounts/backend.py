"""Signs people in by name and password, and loads who is signed in with the department that says what they see."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend

from server.accounts.models import User


class Backend(ModelBackend):
    """Django's own, with accounts that end by themselves and the scope loaded in the same query."""

    def get_user(self, user_id: Any) -> User | None:
        """The account of a session; None once it may no longer be used."""
        user = User.objects.select_related("department").filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None

    def user_can_authenticate(self, user: Any) -> bool:
        """Whether an account may sign in now."""
        return isinstance(user, User) and user.is_current
