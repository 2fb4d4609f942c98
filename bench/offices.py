"""What an office has beside the benchmark's mixed tree: old Office, RTF, PDF of another hand, OFD and mail.

Seeded and labelled as the tree is. Old Office files, RTF and more PDFs are written by LibreOffice from the documents
that the tree is made of; OFD pages and mails are put together here.
"""

from __future__ import annotations

import io
import json
import random
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

from bench.tree import MARKED_SHARE, TALK_SHARE, make_docx, make_pptx, make_xlsx
from bench.vocabulary import MARKS, Mark, paragraphs, sentence

MIX = {"doc": 150, "xls": 80, "ppt": 60, "rtf": 120, "pdf": 100, "ofd": 100, "eml": 150}
CONVERTED = {
    "doc": (make_docx, "docx"),
    "rtf": (make_docx, "docx"),
    "pdf": (make_docx, "docx"),
    "xls": (make_xlsx, "xlsx"),
    "ppt": (make_pptx, "pptx"),
}
"""Kind → who makes the document that LibreOffice writes as it, and what that document is."""

_OFD = 'xmlns:ofd="http://www.ofdspec.org/2016"'


def _ofd(r: random.Random, mark: Mark | None, talk: bool) -> bytes:
    out = io.BytesIO()
    pages = range(r.randint(2, 6))
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "OFD.xml",
            f'<ofd:OFD {_OFD} DocType="OFD" Version="1.0"><ofd:DocBody><ofd:DocInfo>'
            "<ofd:DocID>1</ofd:DocID></ofd:DocInfo><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>",
        )
        listed = "".join(f'<ofd:Page ID="{n + 1}" BaseLoc="Pages/Page_{n}/Content.xml"/>' for n in pages)
        archive.writestr(
            "Doc_0/Document.xml",
            f"<ofd:Document {_OFD}><ofd:CommonData><ofd:MaxUnitID>900</ofd:MaxUnitID>"
            "<ofd:PageArea><ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox></ofd:PageArea></ofd:CommonData>"
            f"<ofd:Pages>{listed}</ofd:Pages></ofd:Document>",
        )
        for number in pages:
            lines = "".join(paragraphs(r, 1_200, talk))
            rows = [lines[at : at + 38] for at in range(0, len(lines), 38)]
            texts = [_ofd_text(20, 25 + 7 * row, text) for row, text in enumerate(rows)]
            if mark and number == 0:
                texts.insert(0, _ofd_text(150, 12, mark.text))
            archive.writestr(
                f"Doc_0/Pages/Page_{number}/Content.xml",
                f'<ofd:Page {_OFD}><ofd:Content><ofd:Layer ID="9{number}" '
                f'Type="Body">{"".join(texts)}</ofd:Layer></ofd:Content></ofd:Page>',
            )
    return out.getvalue()


def _ofd_text(x: float, y: float, text: str) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    return (
        f'<ofd:TextObject Boundary="{x} {y} 180 6" Font="1" Size="4.2"><ofd:TextCode X="0" Y="4" '
        f'DeltaX="g {max(1, len(text) - 1)} 4.2">{escaped}</ofd:TextCode></ofd:TextObject>'
    )


def _eml(r: random.Random, mark: Mark | None, talk: bool) -> bytes:
    mail = EmailMessage()
    where = r.choice(("subject", "body", "attachment")) if mark else ""
    mail["From"], mail["To"] = "office@example.org", "archive@example.org"
    title = sentence(r)[:14]
    mail["Subject"] = f"{mark.text} {title}" if mark and where == "subject" else title
    lines = paragraphs(r, r.randint(400, 4_000), talk)
    mail.set_content(
        "\n".join([mark.text, *lines] if mark and where == "body" else lines), charset=r.choice(("utf-8", "gb18030"))
    )
    if where == "attachment" or r.random() < 0.4:
        attached = make_docx(r, mark if where == "attachment" else None, talk)
        word = "vnd.openxmlformats-officedocument.wordprocessingml.document"
        mail.add_attachment(attached, maintype="application", subtype=word, filename="附件.docx")
    return mail.as_bytes()


BUILT: dict[str, Callable[[random.Random, Mark | None, bool], bytes]] = {"ofd": _ofd, "eml": _eml}


def missing() -> str:
    """What is not on this machine and needed to make these files; empty where all is there."""
    return "" if shutil.which("soffice") else "soffice"


_AT_ONCE = 150
"""Documents that LibreOffice is given in one command."""


def make_offices(folder: Path, seed: int = 2024, scale: float = 1.0) -> Path:
    """Make the files (once per seed and scale) and give their folder; labels stand beside it, as those of the tree."""
    tree = folder / f"offices-{seed}-{scale}"
    labels = tree.with_name(tree.name + ".jsonl")
    if labels.exists():
        return tree
    rows = []
    for kind, count in MIX.items():
        place = tree / kind
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as scratch:
            for number in range(round(count * scale)):
                r = random.Random(f"{seed}/{kind}/{number}")
                mark = r.choice(MARKS) if r.random() < MARKED_SHARE else None
                talk = mark is None and r.random() < TALK_SHARE / (1 - MARKED_SHARE)
                name = f"{kind}{number:04}"
                if kind in BUILT:
                    (place / f"{name}.{kind}").write_bytes(BUILT[kind](r, mark, talk))
                else:
                    maker, ending = CONVERTED[kind]
                    (Path(scratch) / f"{name}.{ending}").write_bytes(maker(r, mark, talk))
                rows.append(
                    {
                        "path": f"{kind}/{name}.{kind}",
                        "kind": kind,
                        "marked": mark is not None,
                        "talk": talk,
                        "mark": mark.text if mark else None,
                    }
                )
            if kind in CONVERTED:
                _convert(sorted(Path(scratch).iterdir()), kind, place)
    labels.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return tree


def _convert(documents: list[Path], kind: str, place: Path) -> None:
    """Have LibreOffice write these documents as ``kind``. Raises `SystemExit` where one is not there afterwards."""
    with tempfile.TemporaryDirectory() as profile:
        command = [
            "soffice",
            f"-env:UserInstallation=file://{profile}",
            "--headless",
            "--convert-to",
            kind,
            "--outdir",
            str(place),
        ]
        for first in range(0, len(documents), _AT_ONCE):  # of more it leaves out the last, and does not say so
            some = map(str, documents[first : first + _AT_ONCE])
            subprocess.run([*command, *some], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    lacking = [one.stem for one in documents if not (place / f"{one.stem}.{kind}").exists()]
    if lacking:
        raise SystemExit(f"soffice did not write {len(lacking)} of {len(documents)} files as {kind}: {lacking[0]} …")
