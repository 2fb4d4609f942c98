"""Attachments by hash only: which file proves what was done, without the file ever coming to the collector."""

from __future__ import annotations

import re

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from server import audit
from server.accounts.models import User
from server.violations.models import Attachment, Group
from server.violations.scope import visible_to
from server.violations.transitions import TransitionError

MOST = 50
"""Attachments of one violation."""
_SHA256 = re.compile("[0-9a-f]{64}")
LARGEST = 2**60
"""Bytes; more is a slip of the keyboard."""


def attach(group: Group, *, name: str, sha256: str, by: User, size: int | None = None) -> Attachment:
    """Name a file by its hash. Raises `PermissionDenied`, or `TransitionError` for a name or a hash that is none."""
    if not by.may_triage:
        raise PermissionDenied
    # What a browser calls a file may be a path: only its last part is kept.
    name = " ".join(name.replace("\0", "").replace("\\", "/").rsplit("/", 1)[-1].split())
    sha256 = "".join(sha256.split()).lower()
    if not name or len(name) > 200:
        raise TransitionError("name", _("A file needs a name of at most 200 characters."))
    if not _SHA256.fullmatch(sha256):
        raise TransitionError("sha256", _("A SHA-256 has 64 digits from 0 to f: “sha256sum FILE” prints it."))
    if size is not None and not 0 <= size <= LARGEST:
        raise TransitionError("size", _("This cannot be the size of a file."))
    with transaction.atomic():
        stored = visible_to(by).select_for_update().filter(pk=group.pk).first()
        if stored is None:
            raise PermissionDenied
        if stored.attachments.filter(sha256=sha256).exists():
            raise TransitionError("known", _("A file with this hash is attached already."))
        if stored.attachments.count() >= MOST:
            raise TransitionError("too-many", _("A violation has at most %(n)d attachments.") % {"n": MOST})
        made = Attachment.objects.create(group=stored, name=name, sha256=sha256, size=size, at=timezone.now(), by=by)
        audit.record("violation.attach", actor=by, obj=stored, sha256=sha256)
    return made
