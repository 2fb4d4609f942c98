"""Programs of a Windows system through which files leave: cloud storage, chat, amusement (NPC-06, -18, NET-08, -09)."""

from __future__ import annotations

from agent.checks.base import Context, Fact, Result, fact, verdict
from agent.checks.windows import system
from protocol.records import ComputerClass

CLOUD = {
    "百度网盘": ("百度网盘", "baidunetdisk"),
    "坚果云": ("坚果云", "nutstore"),
    "阿里云盘": ("阿里云盘", "adrive"),
    "天翼云盘": ("天翼云盘", "ecloud"),
    "夸克网盘": ("夸克网盘",),
    "Dropbox": ("dropbox",),
    "OneDrive": ("onedrive",),
    "Google Drive": ("google drive", "backup and sync from google"),
    "MEGA": ("megasync",),
    "Nextcloud/ownCloud": ("nextcloud", "owncloud"),
    "Syncthing": ("syncthing",),
    "iCloud": ("icloud",),
}
"""Client → words in the name under which it is installed."""
CHAT = {
    "微信": ("微信", "wechat"),
    "QQ": ("腾讯qq", "qqnt"),
    "TIM": ("腾讯tim",),
    "企业微信": ("企业微信",),
    "钉钉": ("钉钉", "dingtalk"),
    "飞书": ("飞书", "feishu", "lark"),
    "Telegram": ("telegram",),
    "Skype": ("skype",),
    "Slack": ("slack",),
    "Zoom": ("zoom workplace", "zoom (", "zoom client"),
    "腾讯会议": ("腾讯会议", "wemeet"),
    "Discord": ("discord",),
    "WhatsApp": ("whatsapp",),
}
LEISURE = {
    "迅雷": ("迅雷", "xunlei"),
    "qBittorrent": ("qbittorrent",),
    "uTorrent/BitComet": ("µtorrent", "utorrent", "bitcomet", "比特彗星"),
    "Steam": ("steam",),
    "WeGame": ("wegame",),
    "Tor Browser": ("tor browser",),
    "优酷/爱奇艺/腾讯视频": ("优酷", "爱奇艺", "腾讯视频"),
    "QQ 音乐/网易云音乐": ("qq音乐", "网易云音乐"),
}


def _installed(context: Context, table: dict[str, tuple[str, ...]]) -> list[Fact]:
    names = [name.lower() for name in system.programs(context.tree)]
    return [
        fact(title, title, "installed", "-")
        for title, words in table.items()
        if any(word in name for name in names for word in words)
    ]


def cloud(context: Context) -> Result:
    """Clients of cloud storage that the organisation does not run."""
    return verdict(_installed(context, CLOUD))


def chat(context: Context) -> Result:
    """Chat clients: none on confidential and internal computers; on the internet they are told, not refused."""
    found = _installed(context, CHAT)
    return verdict([], found) if context.computer_class is ComputerClass.INTERNET else verdict(found)


def leisure(context: Context) -> Result:
    """Programs for anything but work."""
    return verdict(_installed(context, LEISURE))
