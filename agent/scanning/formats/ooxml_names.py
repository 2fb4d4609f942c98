"""What a part of an Office Open XML package is by its name."""

from __future__ import annotations

import re
from enum import Enum, auto
from functools import lru_cache


class Kind(Enum):
    """What may be expected in a part."""

    TEXT = auto()
    """Text of the document."""
    FILE = auto()
    """A file of its own."""
    CORNER = auto()
    """No text, but values that its program shows."""
    STRANGE = auto()
    """The name tells nothing: a drawing, or text under a name of somebody's own."""
    DRAWING = auto()
    """A drawing of Windows, with texts of its own: see `metafile`."""
    OTHER = auto()
    """Nothing to be read."""


_NEVER = re.compile(
    rb"(?i)(?:^|/)(?:_rels/|theme/|printersettings/|pivotcache/|pivottables/|querytables/|externallinks/|persons/|glossary/|slicers?/"
    rb"|slicercaches/|tables/|activex/|ctrlprops/|revisions/|tags/|charts/(?:style|colors)|diagrams/(?:layout|quickstyle|colors)"
    rb"|(?:styles\w*|settings|websettings|fonttable|numbering|calcchain|metadata|presprops|viewprops|tablestyles"
    rb"|sheetmetadata|people|commentids|commentsids|commentsextended|commentsextensible|commentauthors|authors"
    rb"|itemprops\d*|presentation|\[content_types\]|thumbnail|volatiledependencies|connections|xmlmaps)\.xml$)"
)
_CORNER = re.compile(
    rb"(?i)(?:^|/)(?:(?:settings|numbering|presentation|connections|commentauthors)\.xml|glossary/document\.xml|(?:tags|slicers?|tables|externallinks"
    rb"|ctrlprops)/[^/]+\.xml|pivotcache/pivotcachedefinition[^/]*\.xml)$|^/?xl/styles\.xml$"
)
"""Parts that hold no text of the document, but values that its program shows: see `corners`."""
_EMBEDDED = re.compile(
    rb"(?i)(?:^|/)embeddings/[^/]+(?<!\.rels)$|/afchunk[^/]*$"
    rb"|\.(?:docx|docm|xlsx|xlsm|xlsb|pptx|pptm|doc|xls|ppt|rtf|html?|mht|mhtml|txt|pdf|odt|ods|odp|zip)$"
)
_NO_XML = re.compile(
    rb"(?i)\.(?:xml|vml|rels|png|jpe?g|gif|emf|wmf|tiff?|bmp|wdp|jxr|ico|odttf|fntdata|mp[34g]|m4a|m4v|wav|wma|wmv|avi|mov)$"
    rb"|(?:^|/)(?:vbaproject\w*|printersettings\d*|oleobject\d*|activex\d*|sheet\d*|binaryindex\d*|styles|sharedstrings"
    rb"|workbook|comments\d*|table\d*|theme\d*)\.bin$"
)
"""Names of parts that are not XML, or are looked at by their names."""


@lru_cache(maxsize=4096)
def kind_of(raw: bytes) -> Kind:
    """What a part of this name is; names come again and again."""
    if raw[-4:].lower() in (b".xml", b".vml"):
        if _NEVER.search(raw) is None:
            return Kind.TEXT
        return Kind.CORNER if _CORNER.search(raw) is not None else Kind.OTHER
    if _EMBEDDED.search(raw) is not None:
        return Kind.FILE
    if raw[-4:].lower() in (b".emf", b".wmf", b".emz", b".wmz"):
        return Kind.DRAWING
    return Kind.STRANGE if _NO_XML.search(raw) is None else Kind.OTHER
