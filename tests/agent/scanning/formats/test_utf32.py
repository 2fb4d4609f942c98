"""Text in UTF-32 is read as any other text."""

from __future__ import annotations

import pytest

from agent.scanning.examine import Examiner
from agent.scanning.formats.base import Source


@pytest.mark.parametrize("encoding", ["utf-32", "utf-32-le", "utf-32-be"])
def test_a_marking_is_found_and_talk_is_not(examiner: Examiner, encoding: str) -> None:
    marked = "机密★10年\n\n关于采购的通知\n请各处室按期报送。\n".encode(encoding)
    talk = "机密级文件应当专柜保存。\n保守秘密是公民的义务。\n".encode(encoding)
    assert [each.marking for each in examiner.examine(Source.of(marked), "a.txt").rows[0].findings] == ["机密★10年"]
    assert str(examiner.examine(Source.of(talk), "b.txt").rows[0].verdict) == "clean"
