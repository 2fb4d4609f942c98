"""Keywords: lists of words that an organisation looks for. A hint where to look, never a marking.

``read(path)`` gives a `KeywordList`; `Watched` keeps one up to date while its file changes. Its ``literals`` go to
the sieve as ``words`` (`signatures.engine.build`), its ``find`` is asked for the passages of each file.
"""

from signatures.keywords.detectors import DETECTORS, Detector
from signatures.keywords.lists import MOST_WORDS, Keyword, KeywordList
from signatures.keywords.reading import parse, read
from signatures.keywords.watched import Watched

__all__ = ["DETECTORS", "MOST_WORDS", "Detector", "Keyword", "KeywordList", "Watched", "parse", "read"]
