"""Writers: one a form of file, each sets the same blocks (`server.reports.blocks`).

What they are built on is large, and no process that makes no report shall carry it: each is loaded when it is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from server.reports.blocks import Document


def _pdf(document: Document) -> bytes:
    from server.reports.writers import pdf

    return pdf.write(document)


def _docx(document: Document) -> bytes:
    from server.reports.writers import word

    return word.write(document)


def _xlsx(document: Document) -> bytes:
    from server.reports.writers import workbook

    return workbook.write(document)


WRITERS: Mapping[str, tuple[str, Callable[[Document], bytes]]] = {
    "pdf": ("application/pdf", _pdf),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", _docx),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _xlsx),
}
"""Form → its media type and its writer."""
