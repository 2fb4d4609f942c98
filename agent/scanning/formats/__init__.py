"""The registry of formats: which module reads which media type.

To add a format: write its module beside the others and name its media types here. A module is imported the first
time a file of its kind comes along, so a scan of text files never loads PDFium or lxml.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:  # what stands here is asked for by many who read no file
    from collections.abc import Iterator

    from agent.scanning.formats.base import Format, Picture, Source

    class _InnerPictures(Protocol):
        def of(self, name: str | None, source: Source) -> Iterator[Picture]: ...


_OOXML = "application/vnd.openxmlformats-officedocument."
_OPENDOCUMENT = (
    *(
        f"application/vnd.oasis.opendocument.{kind}{more}"
        for kind in ("text", "spreadsheet", "presentation", "graphics")
        for more in ("", "-template", "-flat-xml")
    ),
    *(f"application/vnd.oasis.opendocument.{kind}" for kind in ("text-master", "text-web", "chart")),
    *(
        f"application/vnd.sun.xml.{kind}{more}"
        for kind in ("writer", "calc", "impress", "draw")
        for more in ("", ".template")
    ),
    "application/vnd.sun.xml.writer.global",
)

_BINARY = (
    "application/octet-stream",
    "application/x-ms-shortcut",
    *(f"audio/{kind}" for kind in ("amr", "flac", "midi", "mpeg", "ogg", "x-wav")),
    *(f"video/{kind}" for kind in ("mp4", "mpeg", "x-flv", "x-matroska", "x-ms-asf", "x-msvideo")),
    "image/vnd.dxf; format=binary",
)

_SEARCHED = (
    "application/onenote",
    "application/postscript",
    "application/vnd.apache.arrow.file",
    "application/vnd.apache.avro",
    "application/vnd.apache.orc",
    "application/vnd.apache.parquet",
    "application/vnd.lotus-1-2-3",
    "application/vnd.ms-htmlhelp",
    "application/vnd.ms-project",
    "application/vnd.ms-publisher",
    "application/vnd.ms-works",
    "application/vnd.visio",
    "application/vnd.wordperfect",
    "application/winhlp",
    "application/x-caj",
    "application/x-ceb",
    "application/x-coreldraw",
    "application/x-gd",
    "application/x-gw",
    "application/x-hwp",
    "application/x-indesign",
    "application/x-mobipocket-ebook",
    "application/x-ms-reader",
    "application/x-msaccess",
    "application/x-mswrite",
    "application/x-pdg",
    "application/x-quark",
    "application/x-sas-data",
    "application/x-sep",
    "application/x-spss-sav",
    "application/x-stata-dta",
    "application/x-yozo",
    "image/vnd.adobe.photoshop",
    "image/vnd.djvu",
    "image/vnd.dwg",
    "image/x-xcf",
)

FORMATS: dict[str, str] = {
    "text/plain": "text",
    "text/csv": "text",
    "text/tab-separated-values": "text",
    "application/xml": "text",
    "application/json": "escaped",
    "text/x-java-properties": "escaped",
    "application/yaml": "escaped",
    "application/toml": "escaped",
    "text/javascript": "escaped",
    "text/css": "css",
    "application/x-url": "links",
    "text/calendar": "cards",
    "text/vcard": "cards",
    "text/x-ssa": "subtitles",
    "text/x-sylk": "sylk",
    "text/plain; charset=utf-32": "utf32",
    "image/vnd.dxf": "dxf",
    "application/vnd.jgraph.mxfile": "drawio",
    "image/svg+xml": "html",
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
    **dict.fromkeys(_OPENDOCUMENT, "odf"),
    "application/ofd": "ofd",
    "message/rfc822": "eml",
    "multipart/related": "eml",
    "application/mbox": "mbox",
    "application/x-ole-storage": "ole_package",
    "application/x-mso": "ole_package",
    "application/x-ole-encrypted-package": "ole_encrypted",
    "application/vnd.ms-outlook": "msg",
    "application/vnd.ms-excel.sheet.binary.macroEnabled.12": "xlsb",
    "application/vnd.ms-wordml+xml": "wordml",
    "application/vnd.ms-spreadsheetml+xml": "spreadsheetml",
    "application/vnd.ms-office-flat-opc+xml": "flat_opc",
    "application/vnd.ms-tnef": "tnef",
    "application/pkcs7-mime": "p7m",
    "application/x-tar": "tar",
    "application/gzip": "compressed",
    "application/x-bzip2": "compressed",
    "application/x-xz": "compressed",
    "application/x-lzma": "compressed",
    "application/zstd": "compressed",
    "application/x-lzip": "compressed",
    "application/x-lz4": "compressed",
    "application/x-compress": "compressed",
    "application/x-7z-compressed": "archive",
    "application/vnd.rar": "archive",
    "application/vnd.ms-cab-compressed": "archive",
    "application/x-iso9660-image": "archive",
    "application/x-lha": "archive",
    "application/x-cpio": "archive",
    "application/x-xar": "archive",
    "application/x-archive": "archive",
    "application/zip": "zip",
    "application/java-archive": "zip",
    "application/pdf": "pdf",
    "application/vnd.ms-xpsdocument": "xps",
    "application/vnd.ms-visio.drawing": "vsdx",
    "application/vnd.apple.iwork": "iwork",
    "application/epub+zip": "epub",
    "application/vnd.uof": "uof",
    "application/vnd.ms-outlook-pst": "not_read",
    "application/x-cloud-placeholder": "not_read",
    "application/x-raw-disk-image": "disk",
    "application/x-encrypted-disk-image": "not_read",
    "application/x-qemu-disk": "not_read",
    "application/x-vmdk-disk": "not_read",
    "application/x-vhd-disk": "not_read",
    "application/x-vhdx-disk": "not_read",
    "application/x-virtualbox-disk": "not_read",
    "image/heif": "not_read",
    "application/rtf": "rtf",
    "application/msword": "doc",
    "application/vnd.ms-excel": "xls",
    "application/vnd.ms-powerpoint": "ppt",
    "application/x-shockwave-flash": "flash",
    "application/vnd.sqlite3": "sqlite",
    "application/x-dbf": "dbf",
    "application/x-bplist": "plist",
    **dict.fromkeys(_BINARY, "binary"),
    **dict.fromkeys(_SEARCHED, "searched"),
    "image/emf": "metafile",
    "image/wmf": "metafile",
    "image/png": "picture",
    "image/jpeg": "picture",
    "image/tiff": "picture",
    "image/bmp": "picture",
    "image/webp": "picture",
    "image/gif": "picture",
    "image/jp2": "picture",
    "image/x-pcx": "picture",
    "image/x-portable-anymap": "picture",
    "image/x-tga": "picture",
}
"""Media type, as `agent.scanning.identify` says it, to the name of the module in this folder that reads it."""


def format_for(media_type: str) -> Format | None:
    """The format that reads files of this media type, or None where we do not read them."""
    name = FORMATS.get(media_type)
    return None if name is None else load(name)


WITH_PICTURES = frozenset(
    {"doc", "docx", "epub", "flat_opc", "odf", "ofd", "ppt", "pptx", "rtf", "uof", "wordml", "xls", "xlsx", "xps"}
)
"""Formats of documents that may be nothing but a picture (see `agent.scanning.formats.inner_pictures`)."""


def pictures_in(media_type: str, source: Source) -> Iterator[Picture]:
    """The pictures of a document that has no or little text. Raises as `load` does."""
    name = FORMATS.get(media_type)
    if name not in WITH_PICTURES:
        return iter(())
    return cast("_InnerPictures", load("inner_pictures")).of(name, source)


class NotLoaded(BaseException):
    """A module is wanted that was not loaded before the cage closed, and cannot be now: another worker has it.

    No `Exception`: nothing that looks after broken files is to take it for one.
    """


_caged = False


def close() -> None:
    """Say that from now on no module can be loaded in this process: `load` raises `NotLoaded` where one would be."""
    global _caged
    _caged = True


def still_open(name: str) -> None:
    """Raises `NotLoaded` where nothing can be loaded in this process any more; ``name`` is what is wanted."""
    if _caged:
        raise NotLoaded(name)


@cache
def load(name: str) -> Format:
    """The module of a format. Raises `NotLoaded` in a caged process that does not have it."""
    module = f"{__name__}.{name}"
    if module not in sys.modules:
        still_open(name)
    return cast("Format", import_module(module))
