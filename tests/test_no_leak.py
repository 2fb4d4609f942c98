"""Nothing of a document leaves the computer, no path leaves it in clear, and no log holds either.

Documents carry words that stand nowhere else, in their bodies, names and folders. Afterwards every byte that agent
and collector have written is searched for those words, in every encoding they could have taken.
"""

from __future__ import annotations

import http.cookiejar
import io
import json
import re
import shutil
import socket
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docx
import openpyxl

BODY = ("QZXBODYCANARY", "麒麟鹮鸪体")
"""Words of documents: of their texts, properties, comments, sheet names."""
PATH = ("QZXPATHCANARY", "鼍鼱鼷径")
"""Words of names of files, folders and members."""
PASSWORD = "对马海峡-correct-horse"


def docx_with(marking: str) -> bytes:
    document = docx.Document()
    document.sections[0].header.paragraphs[0].text = marking
    document.sections[0].footer.paragraphs[0].text = f"{BODY[0]} {BODY[1]}"
    document.core_properties.title = BODY[1]
    document.core_properties.author = document.core_properties.comments = BODY[0]
    document.add_heading(f"关于{BODY[1]}的通知", level=1)
    for _ in range(20):
        document.add_paragraph(f"各处室：{BODY[0]}与{BODY[1]}的情况如下。")
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def xlsx_with(marking: str) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = BODY[1]
    sheet.oddHeader.left.text = marking
    sheet.append((BODY[0], BODY[1]))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def zip_with(*members: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


def documents() -> dict[str, bytes]:
    """Marked documents, ordinary ones, and damaged ones that make readers complain."""
    text = f"机密★10年\n\n关于{BODY[1]}的通知\n\n{BODY[0]} 各处室：{BODY[1]}。\n"
    folder = f"{PATH[0]}/{PATH[1]}"
    name = f"{PATH[1]}{PATH[0]}"
    whole = docx_with("绝密★启用前")
    broken = bytearray(whole)
    broken[len(broken) // 2 : len(broken) // 2 + 400] = b"\xa5" * 400
    xml = whole.replace(b"PK", b"PK")
    return {
        f"{folder}/{name}.docx": docx_with("机密★20年"),
        f"{folder}/{name}.txt": text.encode("gb18030"),
        f"{folder}/{name}2.txt": text.replace("10年", "15年").encode("utf-16"),
        f"{folder}/{name}.xlsx": xlsx_with("秘密★3年"),
        f"{folder}/{name}.zip": zip_with((f"{name}/{name}.zip", zip_with((f"{name}.docx", whole)))),
        f"{folder}/{name}-ordinary.docx": docx_with(BODY[1]),
        f"{folder}/{name}-broken.docx": bytes(broken),
        f"{folder}/{name}-bad.docx": zip_with(
            ("[Content_Types].xml", b"<Types>"), ("word/document.xml", f"<w:document><{BODY[0]}>{BODY[1]}".encode())
        ),
        f"{folder}/{name}-cut.xlsx": xml[:700],
        f"{folder}/{name}.pdf": f"%PDF-1.7\n1 0 obj << /Title ({BODY[0]}) /Length {BODY[0]} >>\n".encode(),
        f"{folder}/{name}.html": f"<html><{BODY[0]}><title>{BODY[1]}<body>{BODY[0]}".encode(),
    }


def forms(words: tuple[str, ...]) -> dict[str, re.Pattern[bytes]]:
    """Every form in which a word could have been written down, by what it is called."""
    found = {}
    for word in words:
        for encoding in ("utf-8", "gb18030", "utf-16-le", "utf-16-be", "big5hkscs", "unicode_escape"):
            try:
                found[f"{word} as {encoding}"] = re.compile(re.escape(word.encode(encoding)))
            except UnicodeEncodeError:
                continue
        found[f"{word} quoted"] = re.compile(re.escape(urllib.parse.quote(word).encode()), re.IGNORECASE)
        found[f"{word} in JSON"] = re.compile(re.escape(json.dumps(word)[1:-1].encode()), re.IGNORECASE)
    return found


def files(*places: Path) -> Iterator[tuple[Path, bytes]]:
    for place in places:
        for file in [place] if place.is_file() else sorted(place.rglob("*")):
            if file.is_file():
                yield file, file.read_bytes()


def leaks(words: tuple[str, ...], *places: Path) -> list[str]:
    patterns = forms(words)
    return [
        f"{file.name}: {called}: …{data[max(0, at.start() - 60) : at.end() + 60]!r}…"
        for file, data in files(*places)
        for called, pattern in patterns.items()
        if (at := pattern.search(data))
    ] + [f"{file}: in its name" for file, _ in files(*places) if any(word in str(file) for word in words)]


class Browser:
    """Somebody at the pages."""

    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}"
        self.jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))

    def get(self, path: str) -> str:
        with self.opener.open(self.base + path, timeout=120) as answer:
            return str(answer.read().decode())

    def post(self, path: str, **fields: str) -> str:
        token = next(cookie.value for cookie in self.jar if cookie.name == "csrftoken")
        body = urllib.parse.urlencode(fields | {"csrfmiddlewaretoken": str(token)}).encode()
        with self.opener.open(self.base + path, body, timeout=120) as answer:
            return str(answer.read().decode())


def test_no_word_of_a_document_and_no_path_stands_where_it_must_not(house: Any) -> None:
    house.set_up()
    house.fill(documents())
    house.start_agent()
    house.until(lambda: house.violations().total() >= 5)
    house.until(house.settled)
    house.kill_collector()  # what waits now, waits in the outbox
    house.stop_agent()
    shutil.rmtree(house.stick)
    house.stick.mkdir()
    second = {name.replace("/", "/again-", 1): data + b" " for name, data in documents().items()}
    house.fill(second)
    house.start_agent()
    house.until(lambda: house.status()["waiting"]["scan"] > 0)
    house.kill_agent()  # nothing is tidied up
    assert house.status()["waiting"]["violation"] >= 2
    house.start_collector()
    house.mijian("export", str(house.tmp / "report.mijian"))
    with socket.create_connection(("127.0.0.1", house.port)) as peer:  # a broken transfer, to be complained about
        raw = (house.tmp / "report.mijian").read_bytes()
        peer.sendall(b"POST /api/v1/envelopes HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\n" + raw[:600])
    house.get("/api/v1/envelopes", raw[:-1] + b"!")
    house.server("import", str(house.tmp / "report.mijian"))
    house.mijian("import", str(house.tmp / "report.mijian.receipt"))

    # The words are there to be found: the right person, with a reason, sees a path.
    browser = Browser(house.port)
    browser.get("/sign-in/")
    browser.post("/sign-in/", username="officer", password=PASSWORD)
    page = browser.get("/violations/?state=all")
    first = re.search(r'href="(/violations/[0-9a-f-]{36}/)"', page)
    assert first is not None
    assert PATH[0] not in page + browser.get(first[1])
    assert PATH[0] in browser.post(first[1] + "reveal/", reason="为核查需要")
    assert not any(word in browser.get(first[1]) for word in (*PATH, *BODY))

    everything = (house.state, house.home, house.said, house.tmp / "temporary", *house.tmp.glob("*.mijian*"))
    assert {file.name for file, _ in files(*everything)} >= {"outbox.sqlite3", "collector.sqlite3", "said.log"}
    assert leaks(BODY, *everything) == []
    assert leaks(PATH, *everything) == []
    assert leaks(BODY, house.stick), "the search itself finds nothing"
    assert leaks(PATH, house.stick), "the search itself finds nothing"
    compiled = house.state / "cache"  # made before the agent was first started
    own = [file for file, _ in files(house.state, house.home) if compiled not in file.parents]
    assert [file.name for file in own if file.stat().st_mode & 0o077] == []
