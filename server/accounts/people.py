"""Making and changing accounts: who may, what must be told, one audit row each. A changed role ends the sessions."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from server import audit
from server.accounts.models import Department, Right, Role, User
from server.accounts.scope import covers


class AccountMistakes(ValueError):
    """Values that make no account. ``by_field`` says what is wrong with each."""

    def __init__(self, by_field: dict[str, str]) -> None:
        super().__init__("; ".join(by_field.values()))
        self.by_field = by_field


def create(
    username: str,
    *,
    password: str,
    role: str,
    department: Department | None = None,
    valid_until: datetime | None = None,
    full_name: str = "",
    by: User,
) -> User:
    """A new account. Raises `AccountMistakes` or `PermissionDenied`."""
    _may(by, department)
    username = username.strip()
    user = User(username=username, role=role, department=department, valid_until=valid_until, last_name=full_name[:150])
    wrong = _problems(user)
    if User.objects.filter(username__iexact=username).exists():
        wrong["username"] = _("There is an account of this name already.")
    try:
        User.username_validator(username)
    except ValidationError:
        wrong["username"] = _("Letters, digits and @ . + - _ only.")
    wrong |= _password_problems(password, user)
    if wrong:
        raise AccountMistakes(wrong)
    user.set_password(password)
    with transaction.atomic():
        user.save()
        audit.record("user.create", actor=by, obj=user, username=username, role=role, department=user.department_id)
    return user


def change(
    user: User,
    *,
    role: str,
    department: Department | None,
    valid_until: datetime | None,
    is_active: bool,
    full_name: str,
    password: str = "",
    by: User,
) -> User:
    """Change an account. Nobody changes their own role, scope or end. Raises `AccountMistakes`, `PermissionDenied`."""
    _may(by, department)
    _may(by, user.department)
    with transaction.atomic():
        stored = User.objects.select_for_update().get(pk=user.pk)
        before = _told(stored)
        stored.role, stored.department, stored.valid_until = role, department, valid_until
        stored.is_active, stored.last_name = is_active, full_name[:150]
        wrong = _problems(stored)
        after = _told(stored)
        if stored.pk == by.pk and {**before, "full_name": ""} != {**after, "full_name": ""}:
            wrong["role"] = _("Nobody changes their own role, department or end: ask another administrator.")
        if password:
            wrong |= _password_problems(password, stored)
        if wrong:
            raise AccountMistakes(wrong)
        if password:
            stored.set_password(password)
        stored.save()
        changes = {key: [before[key], after[key]] for key in after if before[key] != after[key]}
        if password:
            changes["password"] = ["", "changed"]
        audit.record("user.change", actor=by, obj=stored, username=stored.username, changes=changes)
    return stored


def change_own_password(user: User, *, old: str, new: str) -> None:
    """Change one's own password: only who knows the old one. Raises `AccountMistakes`."""
    wrong = _password_problems(new, user)
    if not user.check_password(old):
        wrong = {"old": _("This is not your present password.")}
    elif old == new:
        wrong = {"password": _("The new password is the old one.")}
    if wrong:
        raise AccountMistakes(wrong)
    with transaction.atomic():
        user.set_password(new)
        user.save(update_fields=("password",))
        audit.record("account.password", actor=user, obj=user)


def _may(by: User, department: Department | None) -> None:
    if not by.may(Right.ADMINISTER) or not covers(by, None if department is None else department.pk):
        raise PermissionDenied


def _told(user: User) -> dict[str, str | int | bool | None]:
    return {
        "role": user.role,
        "department": user.department_id,
        "valid_until": None if user.valid_until is None else user.valid_until.isoformat(),
        "is_active": user.is_active,
        "full_name": user.last_name,
    }


def _problems(user: User) -> dict[str, str]:
    wrong: dict[str, str] = {}
    if not user.username or len(user.username) > 150:
        wrong["username"] = _("An account needs a name of at most 150 characters.")
    if user.role not in Role.values:
        wrong["role"] = _("Please choose a role.")
    if user.role == Role.DEPARTMENT and user.department is None:
        wrong["department"] = _("A department officer needs a department.")
    if user.role == Role.INSPECTOR and user.valid_until is None:
        wrong["valid_until"] = _("An inspector’s account needs an end.")
    if user._state.adding and user.valid_until is not None and user.valid_until <= timezone.now():
        wrong["valid_until"] = _("This end is over already.")
    return wrong


def _password_problems(password: str, user: User) -> dict[str, str]:
    try:
        validate_password(password, user)
    except ValidationError as error:
        return {"password": " ".join(error.messages)}
    return {}
