"""The registry of formats: which module reads which media type.

To add a format: write its module beside the others and name its media types here. A module is imported the first
time a file of its kind comes along, so a scan of text files never loads PDFium or lxml.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import cast

from agent.scanning.formats.base import Format

_OOXML = "application/vnd.openxmlformats-officedocument."

FORMATS: dict[str, str] = {
    "text/plain": "text",
    "text/csv": "text",
    "text/tab-separated-values": "text",
    "application/xml": "text",
    "text/html": "html",
    f"{_OOXML}wordprocessingml.document": "docx",
    f"{_OOXML}wordprocessingml.template": "docx",
    "application/vnd.ms-word.document.macroEnabled.12": "docx",
    "application/vnd.ms-word.template.macroEnabled.12": "docx",
    f"{_OOXML}spreadsheetml.sheet": "xlsx",
    f"{_OOXML}spreadsheetml.template": "xlsx",
    "application/vnd.ms-excel.sheet.macroEnabled.12": "xlsx",
    "application/vnd.ms-excel.template.macroEnabled.12": "xlsx",
    f"{_OOXML}presentationml.presentation": "pptx",
    f"{_OOXML}presentationml.template": "pptx",
    f"{_OOXML}presentationml.slideshow": "pptx",
    "application/vnd.ms-powerpoint.presentation.macroEnabled.12": "pptx",
    "application/vnd.ms-powerpoint.template.macroEnabled.12": "pptx",
    "application/vnd.ms-powerpoint.slideshow.macroEnabled.12": "pptx",
    "application/zip": "zip",
    "application/java-archive": "zip",
    "application/pdf": "pdf",
}
"""Media type, as `agent.scanning.identify` says it, to the name of the module in this folder that reads it."""


def format_for(media_type: str) -> Format | None:
    """The format that reads files of this media type, or None where we do not read them."""
    name = FORMATS.get(media_type)
    return None if name is None else _load(name)


@cache
def _load(name: str) -> Format:
    return cast("Format", import_module(f"{__name__}.{name}"))
