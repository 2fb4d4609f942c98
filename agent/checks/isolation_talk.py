"""What the signals of isolation mean, for people, and what to do about them."""

from __future__ import annotations

from agent.checks.base import Fact
from signatures.controls import Text

MEANINGS: dict[str, tuple[str, str]] = {
    "interface": (
        "网卡已接通，其地址不在允许的网络内",
        "an interface is live, its address outside the named networks",
    ),
    "link": ("网线已插入，对端有设备", "a cable is plugged in, with something at its other end"),
    "wireless": ("无线网卡已接入未经允许的无线网络", "a wireless network that is not named has been joined"),
    "cellular": ("蜂窝移动网络已接通", "a cellular network is connected"),
    "bluetooth": ("蓝牙网络已接通", "a network over Bluetooth is connected"),
    "usb-link": (
        "USB 网络已接通（手机共享或 USB 网卡）",
        "a network over USB is connected (telephone or adapter)",
    ),
    "tunnel": ("隧道（VPN）已建立", "a tunnel (VPN) is open"),
    "default-route": ("默认路由指向允许范围之外", "a default route leads outside"),
    "default-route6": ("IPv6 默认路由指向允许范围之外", "an IPv6 default route leads outside"),
    "route": ("存在通往互联网地址的路由", "a route leads to addresses of the internet"),
    "route6": ("存在通往互联网 IPv6 地址的路由", "a route leads to IPv6 addresses of the internet"),
    "neighbour": ("同一线路上有允许范围之外的主机应答", "a host outside the named networks has answered on the wire"),
    "router6": ("线路上有 IPv6 路由器", "an IPv6 router speaks on the wire"),
    "peer:public": ("程序与互联网地址保持连接", "a program holds a connection to an address of the internet"),
    "peer:outside": (
        "程序与允许范围之外的地址保持连接",
        "a program holds a connection to an unnamed address",
    ),
    "resolver": ("域名服务器在互联网上", "a name server of the internet is set"),
    "proxy": ("设置了允许范围之外的代理", "a proxy outside the named networks is set"),
    "dual-homed": ("同时接入两个应当隔离的网络", "two networks that must stay apart are connected at once"),
    "forwarding": ("本机在网络之间转发数据包", "packets are passed on between networks"),
    "bridge": ("两条线路被桥接", "two wires are joined by a bridge"),
    "namespace": ("另一网络命名空间（容器）", "in another network namespace (a container)"),
    "probe": ("指定的外部地址可以到达", "the address outside that was named can be reached"),
    "radio": ("存在无线设备", "a radio device is there"),
    "input": ("存在无线键盘、鼠标或其接收器", "a wireless keyboard, mouse or their receiver is there"),
}
"""Kind of signal → what it means."""

REMEDIES: dict[str, tuple[str, str]] = {
    "wireless": ("断开并拆除无线网卡", "leave the network and take the wireless card out"),
    "cellular": ("拔除上网卡或模块", "take the modem out"),
    "bluetooth": ("断开并拆除蓝牙模块", "disconnect, and take the Bluetooth module out"),
    "usb-link": ("拔下手机或 USB 网卡", "unplug the telephone or adapter"),
    "tunnel": ("断开隧道并卸载其软件", "close the tunnel and remove its software"),
    "route": ("删除该路由", "delete the route"),
    "peer:public": ("记录程序名后结束该程序", "note the program, then end it"),
    "peer:outside": ("记录程序名后结束该程序", "note the program, then end it"),
    "resolver": ("删除该域名服务器设置", "delete the name server from the settings"),
    "proxy": ("删除该代理设置", "delete the proxy from the settings"),
    "dual-homed": ("只保留一个网络，拔除另一个", "keep one network and unplug the other"),
    "forwarding": ("关闭转发（net.ipv4.ip_forward、net.ipv6.conf.all.forwarding）", "switch forwarding off"),
    "bridge": ("拆除网桥", "take the bridge apart"),
    "namespace": ("停止该容器或命名空间", "stop the container or namespace"),
    "radio": ("拆除该设备；不能拆除的由专业人员断开", "take the device out, or have it cut off by a specialist"),
    "input": ("改用有线键盘和鼠标", "use a wired keyboard and mouse"),
}
"""Kind of signal → what to do; `CABLE` where it stands not here."""
TRACES: dict[str, tuple[str, str]] = {
    "trace:network-manager:wifi": ("保存的无线网络", "wireless networks that are remembered"),
    "trace:network-manager:vpn": ("保存的 VPN", "VPNs that are remembered"),
    "trace:network-manager:cellular": ("保存的蜂窝网络", "cellular networks that are remembered"),
    "trace:network-manager": ("使用过的网络连接", "network profiles that were used"),
    "trace:network-list:wifi": ("连接过的无线网络", "wireless networks that were joined"),
    "trace:network-list:vpn": ("连接过的 VPN", "VPNs that were used"),
    "trace:network-list:gsm": ("连接过的蜂窝网络", "cellular networks that were used"),
    "trace:network-list": ("连接过的网络", "networks that were connected"),
    "trace:typed-addresses": ("在浏览器中输入过的网址", "addresses typed into the browser"),
    "trace:lease": ("DHCP 租约", "addresses leased by DHCP"),
    "trace:wireless": ("保存的无线网络", "wireless networks that are remembered"),
    "trace:bluetooth-pairing": ("配对过的蓝牙设备", "Bluetooth devices that were paired"),
    "trace:dial-up": ("拨号设置", "dial-up settings"),
    "trace:packages": ("通过网络获取软件包", "packages fetched over a network"),
    "trace:browser": ("浏览器访问记录", "pages visited with a browser"),
    "trace:recent-files": ("最近使用的网络文件", "recently used files on a network"),
    "trace:file-manager": ("文件管理器访问过的网络位置", "network places the file manager visited"),
    "trace:ssh": ("SSH 连接过的主机", "hosts contacted by ssh"),
    "trace:remote-login": ("从网络登录的记录", "logins that came over a network"),
    "trace:proxy": ("设置过的代理", "proxies that are set"),
    "trace:log:internet": ("日志：已连通互联网", "logs: the internet was reached"),
    "trace:log:lease": ("日志：获得过地址", "logs: an address was leased"),
    "trace:log:wireless": ("日志：接入过无线网络", "logs: a wireless network was joined"),
    "trace:log:usb-link": ("日志：USB 网络（手机共享）", "logs: a network over USB (telephone)"),
    "trace:log:cellular": ("日志：蜂窝网络", "logs: a cellular network"),
    "trace:log:tunnel": ("日志：VPN 隧道", "logs: a VPN tunnel"),
    "trace:log:link": ("日志：网线曾插入", "logs: a cable was plugged in"),
    "trace:clock-set-back": ("时钟曾被回拨", "the clock was set back"),
}
"""Beginning of a kind of trace → what it means; the first that fits."""
CABLE = ("拔除网线", "unplug the cable")


def explain(signal: str) -> Text:
    """What a signal means: ``default-route:eth0`` → 默认路由指向允许范围之外."""
    kind, _, rest = signal.partition(":")
    if kind == "namespace":
        inner = explain(rest.partition(":")[2])
        zh, en = MEANINGS[kind]
        return Text(zh=f"{zh}：{inner.zh}", en=f"{en}: {inner.en}")
    zh, en = _pick(MEANINGS, signal, (signal, signal))
    return Text(zh=zh, en=en)


def remedy(signal: str) -> Text:
    """What to do about a signal, in a few words."""
    zh, en = _pick(REMEDIES, signal, CABLE)
    return Text(zh=zh, en=en)


def facts(signals: tuple[str, ...]) -> tuple[Fact, ...]:
    """Signals as evidence people can read, each with what to do about it."""
    return tuple(
        Fact(
            what=Text(zh=f"{said.zh}（{todo.zh}）", en=f"{said.en} ({todo.en})"),
            seen=signal,
        )
        for signal in signals
        for said, todo in [(explain(signal), remedy(signal))]
    )


def _pick(table: dict[str, tuple[str, str]], signal: str, otherwise: tuple[str, str]) -> tuple[str, str]:
    kind, _, rest = signal.partition(":")
    return table.get(f"{kind}:{rest.partition(':')[0]}") or table.get(kind) or table.get(kind.rstrip("6")) or otherwise
