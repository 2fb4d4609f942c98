"""Diagrams of diagrams.net, packed and plain."""

from __future__ import annotations

import base64
import zlib
from urllib.parse import quote

import pytest

from agent.scanning.examine import Examiner
from agent.scanning.formats.base import Source
from protocol.records import Reason

GRAPH = '<mxGraphModel><root><mxCell id="0"/><mxCell id="2" value="{}"/></root></mxGraphModel>'


def packed(graph: str) -> str:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return base64.b64encode(packer.compress(quote(graph, safe="").encode()) + packer.flush()).decode()


@pytest.mark.parametrize("label", ["机密★10年", "&lt;b&gt;机密&lt;/b&gt;★10年", "&lt;div&gt;甲&lt;/div&gt;机密★10年"])
@pytest.mark.parametrize("pack", [packed, str])
def test_a_label_is_read_without_its_tags(examiner: Examiner, label: str, pack: object) -> None:
    assert callable(pack)
    file = f'<mxfile host="a"><diagram name="1">{pack(GRAPH.format(label))}</diagram></mxfile>'
    (row,) = examiner.examine(Source.of(file.encode()), "a.drawio").rows
    assert [finding.level for finding in row.findings][:1] == ["机密"]


def test_a_page_that_cannot_be_unpacked_is_damage(examiner: Examiner) -> None:
    file = "<mxfile><diagram>AAAA////garbage</diagram></mxfile>"
    assert examiner.examine(Source.of(file.encode()), "a.drawio").rows[0].reason is Reason.DAMAGED
