"""Stores: known by the folders that mail, cloud and chat programs make, and by nothing that only looks like one."""

from __future__ import annotations

import pytest

from agent.judging.stores import store_of


@pytest.mark.parametrize(
    ("path", "member", "media_type", "store"),
    [
        ("/home/a/x.eml", None, "message/rfc822", "mail"),
        ("/home/a/x.eml", "y.docx", "text/plain", "mail"),
        ("/home/a/x.zip", "y.msg!z.docx", "text/plain", "mail"),
        ("/home/a/Maildir/cur/17.host", None, "text/plain", "mail"),
        ("/home/a/.thunderbird/p/Mail/Local Folders/Inbox", None, "application/mbox", "mail"),
        ("/home/a/OneDrive - House/b.docx", None, "text/plain", "sync"),
        ("C:\\Users\\a\\Documents\\WeChat Files\\b.docx", None, "text/plain", "sync"),
        ("/home/a/坚果云/b.docx", None, "text/plain", "sync"),
        ("/home/a/x.zip", "OneDrive/y.docx", "text/plain", None),
        ("/home/a/dropbox-manual.pdf", None, "text/plain", None),
        ("/home/a/MyDropbox/b", None, "text/plain", None),
        ("/home/a/about.emlx.txt", None, "text/plain", None),
    ],
)
def test_a_file_is_passed_on_where_programs_keep_what_they_pass_on(
    path: str, member: str | None, media_type: str, store: str | None
) -> None:
    assert store_of(path, member, media_type) == store
