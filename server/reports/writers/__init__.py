"""Writers: one a form of file, each sets the same blocks (`server.reports.blocks`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from server.reports.blocks import Document
from server.reports.writers import pdf, word, workbook

WRITERS: Mapping[str, tuple[str, Callable[[Document], bytes]]] = {
    "pdf": ("application/pdf", pdf.write),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", word.write),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", workbook.write),
}
"""Form → its media type and its writer."""
