"""The tables of `identify`: magic bytes, endings of names, and what kind each media type is."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What may be expected inside a file."""

    TEXT = "text"
    """Characters: read as it stands."""
    DOCUMENT = "document"
    """Text in a form of its own; unsupported where there is no format for its media type."""
    CONTAINER = "container"
    """Other files; unsupported where there is no format for its media type."""
    PICTURE = "picture"
    """Pixels or strokes: text only through recognition (OCR)."""
    BINARY = "binary"
    """Programs, sound, film, fonts, databases: examined by name and type only."""
    EMPTY = "empty"
    """No bytes at all."""


_D, _C, _P, _B = Kind.DOCUMENT, Kind.CONTAINER, Kind.PICTURE, Kind.BINARY

SIGNATURES: tuple[tuple[bytes, str, Kind], ...] = (
    # Documents
    (b"{\\rtf", "application/rtf", _D),
    (b"HWP Document File", "application/x-hwp", _D),
    (b"!BDN", "application/vnd.ms-outlook-pst", _C),
    (b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3", "application/onenote", _D),
    (b"\xa1\x2f\xff\x43\xd9\xef\x76\x4c\x9e\xe2\x10\xea\x57\x22\x76\x5f", "application/onenote", _D),
    (b"ITSF\x03\x00", "application/vnd.ms-htmlhelp", _D),
    (b"%!PS", "application/postscript", _D),
    (b"\xc5\xd0\xd3\xc6", "application/postscript", _D),
    (b"AT&TFORM", "image/vnd.djvu", _D),
    (b"AC10", "image/vnd.dwg", _D),
    (b"\xdb\xa5\x2d\x00", "application/msword", _D),
    (b"\xdb\xa5\x31\x00", "application/msword", _D),
    (b"\xfe\x37\x00\x23", "application/msword", _D),
    (b"\x31\xbe\x00\x00", "application/x-mswrite", _D),
    (b"\x32\xbe\x00\x00", "application/x-mswrite", _D),
    (b"\xffWPC", "application/vnd.wordperfect", _D),
    (b"\x09\x00\x04\x00", "application/vnd.ms-excel", _D),
    (b"\x09\x02\x06\x00", "application/vnd.ms-excel", _D),
    (b"\x09\x04\x06\x00", "application/vnd.ms-excel", _D),
    (b"\x09\x08\x08\x00", "application/vnd.ms-excel", _D),
    (b"\x09\x08\x10\x00", "application/vnd.ms-excel", _D),
    (b"\x00\x00\x02\x00\x06\x04\x06\x00", "application/vnd.lotus-1-2-3", _D),
    (b"\x00\x00\x1a\x00\x00\x10\x04\x00", "application/vnd.lotus-1-2-3", _D),
    (b"Founder CEB", "application/x-ceb", _D),
    (b"FounderCEB", "application/x-ceb", _D),
    (b"CAJ\x00", "application/x-caj", _D),
    (b"ITOLITLS", "application/x-ms-reader", _D),
    (b"\x78\x9f\x3e\x22", "application/vnd.ms-tnef", _C),
    (b"\x76\xe8\x04\x60\xc4\x11\xe3\x86", "application/x-microsoft-rpmsg-message", _D),
    # Containers
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed", _C),
    (b"Rar!\x1a\x07", "application/vnd.rar", _C),
    (b"RE~^", "application/vnd.rar", _C),
    (b"\x1f\x8b\x08", "application/gzip", _C),
    (b"BZh", "application/x-bzip2", _C),
    (b"\xfd7zXZ\x00", "application/x-xz", _C),
    (b"\x5d\x00\x00\x80\x00", "application/x-lzma", _C),
    (b"\x5d\x00\x00\x00\x01", "application/x-lzma", _C),
    (b"LZIP\x01", "application/x-lzip", _C),
    (b"\x28\xb5\x2f\xfd", "application/zstd", _C),
    (b"\x04\x22\x4d\x18", "application/x-lz4", _C),
    (b"\x1f\x9d", "application/x-compress", _C),
    (b"\x1f\xa0", "application/x-compress", _C),
    (b"MSCF\x00\x00\x00\x00", "application/vnd.ms-cab-compressed", _C),
    (b"ISc(", "application/x-installshield", _C),
    (b"\x60\xea", "application/x-arj", _C),
    (b"**ACE**", "application/x-ace-compressed", _C),
    (b"070701", "application/x-cpio", _C),
    (b"070702", "application/x-cpio", _C),
    (b"070707", "application/x-cpio", _C),
    (b"\xc7\x71", "application/x-cpio", _C),
    (b"\x71\xc7", "application/x-cpio", _C),
    (b"!<arch>\n", "application/x-archive", _C),
    (b"\xed\xab\xee\xdb", "application/x-rpm", _C),
    (b"xar!", "application/x-xar", _C),
    (b"MSWIM\x00\x00\x00", "application/x-ms-wim", _C),
    (b"LUKS\xba\xbe", "application/x-encrypted-disk-image", _C),
    (b"hsqs", "application/x-squashfs", _C),
    (b"QFI\xfb", "application/x-qemu-disk", _C),
    (b"KDMV", "application/x-vmdk-disk", _C),
    (b"conectix", "application/x-vhd-disk", _C),
    (b"vhdxfile", "application/x-vhdx-disk", _C),
    (b"PK\x07\x08PK\x03\x04", "application/x-zip-part", _C),
    # Pictures
    (b"\xff\xd8\xff", "image/jpeg", _P),
    (b"\x89PNG\r\n\x1a\n", "image/png", _P),
    (b"GIF87a", "image/gif", _P),
    (b"GIF89a", "image/gif", _P),
    (b"II*\x00", "image/tiff", _P),
    (b"MM\x00*", "image/tiff", _P),
    (b"II+\x00", "image/tiff", _P),
    (b"MM\x00+", "image/tiff", _P),
    (b"8BPS\x00", "image/vnd.adobe.photoshop", _P),
    (b"\xd7\xcd\xc6\x9a", "image/wmf", _P),
    (b"\x01\x00\x09\x00\x00\x03", "image/wmf", _P),
    (b"\x00\x00\x00\x0cjP  ", "image/jp2", _P),
    (b"\xff\x4f\xff\x51", "image/jp2", _P),
    (b"\x00\x00\x00\x0cJXL ", "image/jxl", _P),
    (b"\xff\x0a", "image/jxl", _P),
    (b"\x97JB2\r\n\x1a\n", "image/x-jb2", _P),
    (b"\x00\x00\x01\x00\x01\x00", "image/vnd.microsoft.icon", _P),
    (b"\x00\x00\x01\x00\x02\x00", "image/vnd.microsoft.icon", _P),
    (b"gimp xcf ", "image/x-xcf", _P),
    # Programs, sound, film, fonts, databases
    (b"\x7fELF", "application/x-elf", _B),
    (b"\xca\xfe\xba\xbe", "application/x-mach-binary", _B),
    (b"\xfe\xed\xfa\xce", "application/x-mach-binary", _B),
    (b"\xfe\xed\xfa\xcf", "application/x-mach-binary", _B),
    (b"\xce\xfa\xed\xfe", "application/x-mach-binary", _B),
    (b"\xcf\xfa\xed\xfe", "application/x-mach-binary", _B),
    (b"\x00asm", "application/wasm", _B),
    (b"dex\n03", "application/x-dex", _B),
    (b"\x4c\x00\x00\x00\x01\x14\x02\x00", "application/x-ms-shortcut", _B),
    (b"OTTO\x00", "font/otf", _B),
    (b"\x00\x01\x00\x00\x00", "font/ttf", _B),
    (b"true\x00", "font/ttf", _B),
    (b"ttcf\x00", "font/collection", _B),
    (b"wOFF", "font/woff", _B),
    (b"wOF2", "font/woff2", _B),
    (b"ID3\x02", "audio/mpeg", _B),
    (b"ID3\x03", "audio/mpeg", _B),
    (b"ID3\x04", "audio/mpeg", _B),
    (b"\xff\xfb", "audio/mpeg", _B),
    (b"\xff\xf3", "audio/mpeg", _B),
    (b"OggS\x00", "audio/ogg", _B),
    (b"fLaC\x00", "audio/flac", _B),
    (b"#!AMR\n", "audio/amr", _B),
    (b"MThd\x00\x00\x00\x06", "audio/midi", _B),
    (b"\x1a\x45\xdf\xa3", "video/x-matroska", _B),
    (b"FLV\x01", "video/x-flv", _B),
    (b"FWS", "application/x-shockwave-flash", _B),
    (b"CWS", "application/x-shockwave-flash", _B),
    (b"\x00\x00\x01\xba", "video/mpeg", _B),
    (b"\x00\x00\x01\xb3", "video/mpeg", _B),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video/x-ms-asf", _B),
    (b"SQLite format 3\x00", "application/vnd.sqlite3", _B),
    (b"\x00\x01\x00\x00Standard Jet DB", "application/x-msaccess", _B),
    (b"\x00\x01\x00\x00Standard ACE DB", "application/x-msaccess", _B),
    (b"regf", "application/x-ms-registry", _B),
    (b"ElfFile\x00", "application/x-ms-evtx", _B),
)
"""Bytes at the very start of a file, what they mean; a longer one is tried before a shorter."""

EXTENSIONS: dict[str, tuple[str, Kind]] = {
    "doc": ("application/msword", _D),
    "dot": ("application/msword", _D),
    "wps": ("application/vnd.ms-works", _D),
    "wpt": ("application/vnd.ms-works", _D),
    "xls": ("application/vnd.ms-excel", _D),
    "xlt": ("application/vnd.ms-excel", _D),
    "et": ("application/vnd.ms-excel", _D),
    "ppt": ("application/vnd.ms-powerpoint", _D),
    "pps": ("application/vnd.ms-powerpoint", _D),
    "dps": ("application/vnd.ms-powerpoint", _D),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", _D),
    "docm": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", _D),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _D),
    "xlsm": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _D),
    "xlsb": ("application/vnd.ms-excel.sheet.binary.macroEnabled.12", _D),
    "pptx": ("application/vnd.openxmlformats-officedocument.presentationml.presentation", _D),
    "pdf": ("application/pdf", _D),
    "ofd": ("application/ofd", _D),
    "odt": ("application/vnd.oasis.opendocument.text", _D),
    "ods": ("application/vnd.oasis.opendocument.spreadsheet", _D),
    "odp": ("application/vnd.oasis.opendocument.presentation", _D),
    "msg": ("application/vnd.ms-outlook", _D),
    "eml": ("message/rfc822", _D),
    "hwp": ("application/x-hwp", _D),
    "hwpx": ("application/hwp+zip", _D),
    "pub": ("application/vnd.ms-publisher", _D),
    "vsd": ("application/vnd.visio", _D),
    "mpp": ("application/vnd.ms-project", _D),
    "one": ("application/onenote", _D),
    "ceb": ("application/x-ceb", _D),
    "sep": ("application/x-sep", _D),
    "gd": ("application/x-gd", _D),
    "gw": ("application/x-gw", _D),
    "caj": ("application/x-caj", _D),
    "nh": ("application/x-caj", _D),
    "kdh": ("application/x-caj", _D),
    "pdg": ("application/x-pdg", _D),
    "mobi": ("application/x-mobipocket-ebook", _D),
    "azw3": ("application/x-mobipocket-ebook", _D),
    "p7m": ("application/pkcs7-mime", _D),
    "p7s": ("application/pkcs7-signature", _B),
    "zip": ("application/zip", _C),
    "rar": ("application/vnd.rar", _C),
    "7z": ("application/x-7z-compressed", _C),
    "tar": ("application/x-tar", _C),
    "gz": ("application/gzip", _C),
    "iso": ("application/x-iso9660-image", _C),
    "img": ("application/x-raw-disk-image", _C),
    "lzma": ("application/x-lzma", _C),
    "pst": ("application/vnd.ms-outlook-pst", _C),
    "ost": ("application/vnd.ms-outlook-pst", _C),
    "jpg": ("image/jpeg", _P),
    "jpeg": ("image/jpeg", _P),
    "png": ("image/png", _P),
    "tif": ("image/tiff", _P),
    "tiff": ("image/tiff", _P),
    "bmp": ("image/bmp", _P),
    "dbf": ("application/x-dbf", _B),
    "mdb": ("application/x-msaccess", _B),
}
"""Last resort: what bytes that tell nothing may be by the ending of their name."""

TEXT_EXTENSIONS: dict[str, str] = {
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "tab": "text/tab-separated-values",
    "html": "text/html",
    "htm": "text/html",
    "xhtml": "text/html",
    "shtml": "text/html",
    "xml": "application/xml",
    "svg": "application/xml",
}
"""What a text is by the ending of its name, where its head does not tell; everything else is ``text/plain``."""

LIBMAGIC_KINDS: dict[str, Kind] = {
    "application/x-tar": _C,
    "application/x-lha": _C,
    "application/x-lzh-compressed": _C,
    "application/x-stuffit": _C,
    "application/x-zip-compressed": _C,
    "application/x-lrzip": _C,
    "application/x-apple-diskimage": _C,
    "application/x-mobipocket-ebook": _D,
    "application/vnd.ms-works": _D,
    "application/x-dbf": _B,
}
"""Kinds of what libmagic may say beyond our own table."""

XML_ROOTS: dict[bytes, tuple[bytes, str]] = {
    b"worddocument": (b"http://schemas.microsoft.com/office/word/2003/wordml", "application/vnd.ms-wordml+xml"),
    b"workbook": (b"urn:schemas-microsoft-com:office:spreadsheet", "application/vnd.ms-spreadsheetml+xml"),
    b"package": (b"http://schemas.microsoft.com/office/2006/xmlpackage", "application/vnd.ms-office-flat-opc+xml"),
    b"uof": (b"http://schemas.uof.org/cn/", "application/vnd.uof"),
    b"uof_0000": (b"http://schemas.uof.org/cn/", "application/vnd.uof"),
}
"""Documents that are one XML file: the name of the root in small letters, a word of its head, the media type."""
