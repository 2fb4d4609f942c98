"""Stores: whether a file lies where it is passed on to others: in a mail, or in a folder that a cloud or chat serves;
and whether it is still being written.

Told by the names of folders that the programs make themselves, never by asking a program or a network.
"""

from __future__ import annotations

import re

from signatures.controls import Store

_MAIL_TYPES = frozenset({"message/rfc822", "application/mbox", "application/vnd.ms-outlook", "application/vnd.ms-tnef"})
_MAIL_NAME = re.compile(r"(?i)\.(?:eml|mbox|msg|pst|ost|emlx)(?:!|$)")
_MAIL_FOLDERS = re.compile(
    r"(?i)/(?:Maildir|\.maildir|\.thunderbird|thunderbird/profiles|\.local/share/evolution/mail|Outlook Files|"
    r"Foxmail(?: \d)?/Storage|\.claws-mail|Mail/V\d+)/"
)
_SYNC_FOLDERS = re.compile(
    r"(?i)/(?:OneDrive(?: - [^/]{1,80})?|Dropbox|Google ?Drive|My Drive|iCloud ?Drive|Nextcloud|ownCloud|Seafile|"
    r"BaiduNetdisk(?:Download|Workspace)?|BaiduSyncdisk|百度网盘|百度云同步盘|坚果云|Nutstore(?: Files)?|"
    r"WPSDrive|WPS ?云文档|"
    r"WPS Cloud Files|阿里云盘|aDrive|微云|腾讯微云|天翼云盘|"
    r"WeChat Files|xwechat_files|WXWork|WeCom|企业微信|Tencent Files|QQ ?Files|DingTalk(?:AppData)?|钉钉|"
    r"Lark(?:Shell)?|Feishu|飞书|"
    r"Telegram Desktop|WhatsApp)/"
)

_DRAFT = re.compile(
    r"(草稿|征求意见稿|讨论稿|送审稿|draft|autosave|^~\$|\.asd$|\.wbk$|\.tmp$|\.dotx?$|\.wpt$)", re.IGNORECASE
)


def is_draft(path: str) -> bool:
    """Whether a file is a draft, an autosave or a template by its name."""
    return _DRAFT.search(path.rsplit("/", 1)[-1]) is not None


def store_of(path: str, member: str | None, media_type: str) -> Store | None:
    """The kind of store that a file lies in; None where it lies in none that is known."""
    slashed = "/" + path.replace("\\", "/").lstrip("/")
    if media_type in _MAIL_TYPES or _MAIL_FOLDERS.search(slashed):
        return "mail"
    if member is not None and (_MAIL_NAME.search(path) or _MAIL_NAME.search(member.rpartition("!")[0] + "!")):
        return "mail"
    return "sync" if _SYNC_FOLDERS.search(slashed) else None
