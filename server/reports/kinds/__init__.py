"""The kinds of reports there are: one file each."""

from __future__ import annotations

from collections.abc import Mapping

from server.reports.kinds.annual import ANNUAL
from server.reports.kinds.assessment import ASSESSMENT
from server.reports.kinds.base import Kind
from server.reports.kinds.extract import EXTRACT
from server.reports.kinds.inspection import INSPECTION
from server.reports.kinds.rectification import RECTIFICATION
from server.reports.kinds.spotcheck import SPOTCHECK

_ALL = (INSPECTION, RECTIFICATION, EXTRACT, ANNUAL, ASSESSMENT, SPOTCHECK)
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _ALL}
"""Every kind by its name."""

__all__ = ["KINDS", "Kind"]
