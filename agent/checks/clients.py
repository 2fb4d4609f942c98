"""Clients through which files leave: cloud sync, chat, mail, download and games (NPC-06, -18, -19, NET-07…09)."""

from __future__ import annotations

import re

from agent.checks import people, system
from agent.checks.base import CONFIDENTIAL, Check, Context, Fact, Result, fact, verdict
from agent.checks.tree import MiB, Tree
from agent.checks.windows import programs as windows
from protocol.records import ComputerClass
from signatures.controls import Text

CLOUD: dict[str, tuple[str, ...]] = {
    "百度网盘": ("/opt/baidunetdisk", "/opt/apps/com.baidu.baidunetdisk", "~/.config/BaiduNetdisk", "~/baidunetdisk"),
    "坚果云": ("/opt/nutstore", "/opt/apps/net.nutstore", "~/.nutstore"),
    "阿里云盘": ("/opt/apps/com.alicloud.adrive", "/opt/aDrive", "~/.config/aDrive"),
    "天翼云盘": ("/opt/apps/cn.189.cloud", "~/.config/ecloud"),
    "WPS 云": ("~/.local/share/Kingsoft/office6/data/wpscloud", "~/WPS云文档", "~/WPSDrive"),
    "Dropbox": ("~/.dropbox", "~/Dropbox", "/opt/dropbox"),
    "OneDrive": ("onedrive", "~/.config/onedrive", "~/OneDrive"),
    "Google Drive": ("~/.config/google-drive-ocamlfuse", "google-drive-ocamlfuse"),
    "MEGA": ("megasync", "~/.local/share/data/Mega Limited"),
    "Nextcloud/ownCloud": ("nextcloud", "owncloud", "~/.config/Nextcloud"),
    "Syncthing": ("syncthing", "~/.config/syncthing", "~/.local/state/syncthing"),
    "rclone": ("~/.config/rclone/rclone.conf",),
}
"""Cloud storage: client → what proves it; ``~`` is every home."""
CHAT: dict[str, tuple[str, ...]] = {
    "微信": (
        "/opt/wechat",
        "/opt/apps/com.tencent.wechat",
        "/opt/apps/com.tencent.weixin",
        "~/.xwechat",
        "~/xwechat_files",
        "~/.config/weixin",
    ),
    "QQ": ("/opt/QQ", "/opt/apps/com.tencent.qq", "/opt/apps/linuxqq", "~/.config/QQ", "~/.config/tencent-qq"),
    "TIM": ("/opt/apps/com.qq.tim.deepin",),
    "企业微信": ("/opt/apps/com.qq.weixin.work.deepin", "~/.config/WXWork"),
    "钉钉": ("/opt/apps/com.alibabainc.dingtalk", "~/.config/DingTalk"),
    "飞书": ("/opt/bytedance/feishu", "/opt/apps/com.bytedance.feishu", "~/.config/LarkShell"),
    "Telegram": ("telegram-desktop", "~/.local/share/TelegramDesktop"),
    "Skype": ("skypeforlinux", "~/.config/skypeforlinux"),
    "Slack": ("slack", "~/.config/Slack"),
    "Zoom": ("zoom", "/opt/zoom", "~/.zoom"),
    "腾讯会议": ("/opt/wemeet", "/opt/apps/com.tencent.wemeet"),
    "Discord": ("discord", "~/.config/discord"),
    "WhatsApp": ("whatsapp-for-linux", "~/.config/whatsapp-for-linux"),
}
"""Chat and conference."""
LEISURE: dict[str, tuple[str, ...]] = {
    "迅雷": ("/opt/thunder", "/opt/apps/com.xunlei.download", "~/.config/xunlei"),
    "Transmission": ("transmission-gtk", "transmission-qt"),
    "qBittorrent": ("qbittorrent", "~/.config/qBittorrent"),
    "aMule": ("amule",),
    "Deluge": ("deluge",),
    "Steam": ("steam", "~/.steam", "~/.local/share/Steam"),
    "Lutris": ("lutris",),
    "Tor Browser": ("torbrowser-launcher", "~/.local/share/torbrowser"),
    "优酷/爱奇艺/腾讯视频": ("/opt/apps/com.youku.client", "/opt/apps/com.iqiyi", "/opt/apps/com.tencent.tenvideo"),
    "QQ 音乐/网易云音乐": ("/opt/apps/com.qq.qqmusic", "/opt/apps/com.163.music", "/opt/netease/netease-cloud-music"),
}
"""Peer-to-peer, games and amusement."""
MAIL = (
    "~/.thunderbird",
    "~/.config/evolution",
    "~/.local/share/evolution/mail",
    "~/.claws-mail",
    "~/Foxmail",
    "~/.config/Foxmail",
    "~/Maildir",
    "~/.config/geary",
    "~/.config/deepin/deepin-mail",
    "~/.local/share/kylin-mail",
)
_DOMAIN = re.compile(r"[\w.+-]{1,64}@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)")


def present(tree: Tree, table: dict[str, tuple[str, ...]]) -> list[Fact]:
    """The clients of a table that are installed, or that somebody has used, with the accounts who did."""
    homes = people.homes(tree)
    found = []
    for name, places in table.items():
        here = system.program(tree, *(place for place in places if not place.startswith("~"))) is not None
        users = [
            one.name
            for one in homes
            if any(tree.exists(f"{one.home}{place[1:]}") for place in places if place.startswith("~"))
        ]
        if here or users:
            found.append(fact(name, name, ", ".join([*(["installed"] if here else []), *users]), "-"))
    return found


def _cloud(context: Context) -> Result:
    """Clients of cloud storage that the organisation does not run."""
    return verdict(present(context.tree, CLOUD))


def _chat(context: Context) -> Result:
    """Chat clients: none on confidential and internal computers; on the internet they are told, not refused."""
    found = present(context.tree, CHAT)
    if context.computer_class is ComputerClass.INTERNET:
        return verdict([], found)
    return verdict(found)


def _leisure(context: Context) -> Result:
    """Programs for anything but work."""
    return verdict(present(context.tree, LEISURE))


def _mail_domains(tree: Tree) -> dict[str, set[str]]:
    """Domain of a mailbox → accounts of the computer that use it. The mailbox's own name is not kept."""
    found: dict[str, set[str]] = {}
    for account in people.homes(tree):
        for pattern in (
            ".thunderbird/*/prefs.js",
            ".config/evolution/sources/*.source",
            ".claws-mail/accountrc",
            ".muttrc",
            ".config/geary/account_*/geary.ini",
        ):
            for path in tree.glob(f"{account.home}/{pattern}"):
                for line in (tree.read(path, 4 * MiB) or "").splitlines():
                    if re.search(r"useremail|identity|address|userName|sender", line, re.IGNORECASE):
                        for domain in _DOMAIN.findall(line):
                            found.setdefault(domain.lower(), set()).add(account.name)
    return found


def _mail(context: Context) -> Result:
    """Mailboxes whose domain is not the organisation's."""
    tree = context.tree
    allowed = {domain.lower().lstrip("@") for domain in context.parameters.mail_domains}
    domains = _mail_domains(tree)
    stores = [one.name for one in people.homes(tree) if any(tree.exists(f"{one.home}{place[1:]}") for place in MAIL)]
    if context.computer_class in CONFIDENTIAL:
        wrong = [
            fact("涉密计算机上的邮件客户端数据", "mail stores on a confidential computer", name, "-") for name in stores
        ]
    else:
        wrong = [
            fact(
                "非本单位邮箱域名",
                "domain of a mailbox that is not the organisation's",
                domain,
                ", ".join(sorted(allowed)) or "mail_domains",
            )
            for domain in sorted(domains)
            if not any(domain == one or domain.endswith("." + one) for one in allowed)
        ]
    return verdict(wrong, [fact("使用邮件客户端的账户数", "accounts with a mail client", len(stores))])


_NAMES = Text(zh="软件名和使用者账户名", en="names of programs and of the accounts that use them")

CHECKS = (
    Check(
        name="cloud-sync",
        controls=("NPC-18", "NPC-08", "NET-09"),
        title=Text(zh="没有网盘同步软件", en="No client of cloud storage"),
        remedy=Text(
            zh="卸载网盘软件，退出账号，检查并清除已同步的工作文件。",
            en="Remove the client, sign out, and look for working files that were synchronised.",
        ),
        reads=("opt/*", "usr/bin", "home/*"),
        records=_NAMES,
        look=_cloud,
        windows=windows.cloud,
        extent="part",
    ),
    Check(
        name="chat-clients",
        controls=("NET-08", "NET-09"),
        title=Text(zh="没有即时通信软件", en="No chat client where none may be"),
        remedy=Text(
            zh="卸载所列软件，检查其收发文件夹。",
            en="Remove the clients listed and look into the folders of what they received and sent.",
        ),
        reads=("opt/*", "usr/bin", "home/*"),
        records=_NAMES,
        look=_chat,
        windows=windows.chat,
        extent="part",
    ),
    Check(
        name="leisure",
        controls=("NPC-06",),
        title=Text(zh="没有与工作无关的软件", en="No programs that are not for work"),
        remedy=Text(zh="卸载所列软件。", en="Remove the programs listed."),
        reads=("opt/*", "usr/bin", "home/*"),
        records=_NAMES,
        look=_leisure,
        windows=windows.leisure,
        extent="part",
    ),
    Check(
        name="mailboxes",
        controls=("NPC-19", "NET-07"),
        title=Text(zh="只使用本单位邮箱", en="Only mailboxes of the organisation are used"),
        remedy=Text(
            zh="从邮件客户端移除个人邮箱；本单位域名登记入 mail_domains。",
            en="Remove private mailboxes from the mail client; name the organisation's domains in mail_domains.",
        ),
        reads=("home/*/.thunderbird/*/prefs.js", "home/*/.config/evolution/sources", "home/*/.claws-mail/accountrc"),
        records=Text(zh="邮箱域名，不含邮箱名", en="domains of mailboxes, never their names"),
        look=_mail,
        extent="part",
    ),
)
