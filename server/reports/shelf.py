"""Where the files of reports lie: ``reports/`` in the collector's home, mode 0600, each known by its SHA-256."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

from django.conf import settings

from server.reports.models import Report, ReportFile


class FileGone(Exception):
    """A file that is not there, or is not what was written; ``reason`` is ``missing`` or ``altered``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def folder() -> Path:
    """The folder, made where it is missing."""
    place = Path(settings.MIJIAN_HOME) / "reports"
    place.mkdir(mode=0o700, exist_ok=True)
    return place


def put(report: Report, form: str, content: bytes) -> ReportFile:
    """Store a file durably and note its hash. Raises `OSError` with nothing stored."""
    target = folder() / f"{report.number}.{form}"
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    told = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    return ReportFile.objects.update_or_create(report=report, form=form, defaults=told)[0]


def take(file: ReportFile) -> bytes:
    """The bytes of a file, as they were written. Raises `FileGone`."""
    try:
        content = (folder() / f"{file.report.number}.{file.form}").read_bytes()
    except OSError as error:
        raise FileGone("missing") from error
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise FileGone("altered")
    return content
