"""The typeface of printed reports in Chinese and English, for the PDFs of both ends.

A Chinese TrueType face of this computer, embedded, where there is one; else STSong-Light, which every reader of
Chinese PDFs brings along and whose measures come with ReportLab.
"""

from __future__ import annotations

from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFError, TTFont

FACES = (
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/wqy-microhei/wqy-microhei.ttc",
    "/usr/share/fonts/wqy-zenhei/wqy-zenhei.ttc",
    "/usr/share/fonts/truetype/arphic/uming.ttc",
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
)
"""TrueType faces with Chinese that systems bring along; their licences allow embedding."""


def face() -> str:
    """The name of the typeface, registered with ReportLab."""
    for path in FACES:
        if Path(path).is_file():
            try:
                pdfmetrics.registerFont(TTFont("MijianCJK", path, subfontIndex=0))
            except (TTFError, OSError):
                continue
            return "MijianCJK"
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    return "STSong-Light"
