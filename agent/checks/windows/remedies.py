"""What to do about a check that failed on a Windows system, where that differs from Linux."""

from __future__ import annotations

from signatures.controls import Text

REMEDIES: dict[str, Text] = {
    "password-age": Text(
        zh="立即更换所列账户口令；在“本地安全策略—密码策略”中设最长使用期限，取消“密码永不过期”。",
        en="Change the passwords listed; set the maximum password age in Local Security Policy, "
        "and clear 'Password never expires'.",
    ),
    "new-accounts": Text(
        zh="在“本地安全策略—密码策略”中设定密码最长使用期限。",
        en="Set the maximum password age in Local Security Policy, Password Policy.",
    ),
    "empty-passwords": Text(
        zh="为所列账户设置口令，或将其禁用（net user 账户 /active:no）。",
        en="Give the accounts listed a password, or disable them (net user ACCOUNT /active:no).",
    ),
    "password-quality": Text(
        zh="在“本地安全策略—密码策略”中设最小长度并启用复杂性要求。",
        en="Set the minimum length and the complexity rule in Local Security Policy, Password Policy.",
    ),
    "lockout": Text(
        zh="在“本地安全策略—账户锁定策略”中设定账户锁定阈值。",
        en="Set the account lockout threshold in Local Security Policy.",
    ),
    "auto-login": Text(
        zh="将 Winlogon 的 AutoAdminLogon 设为 0，并删除 DefaultPassword。",
        en="Set AutoAdminLogon of Winlogon to 0 and delete DefaultPassword.",
    ),
    "guests": Text(
        zh="禁用来宾账户（net user guest /active:no）。", en="Disable the guest (net user guest /active:no)."
    ),
    "administrators": Text(
        zh="将未经批准的人员移出 Administrators 组。", en="Take persons who were not approved out of Administrators."
    ),
    "screen-lock": Text(
        zh="在“本地安全策略—安全选项”中设“交互式登录：计算机不活动限制”。",
        en="Set 'Interactive logon: Machine inactivity limit' in Local Security Policy, Security Options.",
    ),
    "firewall": Text(
        zh="对三种网络均启用 Windows 防火墙，入站默认阻止。",
        en="Turn Windows Firewall on for all three kinds of network and block what comes in by default.",
    ),
    "shares": Text(
        zh="停止所列共享（net share 名称 /delete）；涉密计算机将 AutoShareWks 设为 0；停用 SMB 1。",
        en="Stop the shares listed (net share NAME /delete); set AutoShareWks to 0 on confidential computers; "
        "turn SMB 1 off.",
    ),
    "remote-control": Text(
        zh="在“系统属性—远程”中关闭远程桌面和远程协助，卸载所列软件。",
        en="Turn remote desktop and remote assistance off in System Properties, and remove the tools listed.",
    ),
    "usb-storage-policy": Text(
        zh="将服务 USBSTOR 的 Start 设为 4，或以组策略禁用可移动存储访问。",
        en="Set Start of the service USBSTOR to 4, or refuse removable storage by group policy.",
    ),
    "auto-mount": Text(
        zh="以组策略对所有驱动器关闭自动播放（NoDriveTypeAutoRun=255）。",
        en="Turn AutoPlay off for all drives by group policy (NoDriveTypeAutoRun=255).",
    ),
    "swap": Text(
        zh="将 ClearPageFileAtShutdown 设为 1 或加密页面文件；关闭休眠（powercfg /h off）。",
        en="Set ClearPageFileAtShutdown to 1 or encrypt the paging file; turn hibernation off (powercfg /h off).",
    ),
    "core-dumps": Text(
        zh="将 CrashControl 的 CrashDumpEnabled 设为 0，并清除已有转储。",
        en="Set CrashDumpEnabled of CrashControl to 0 and erase the dumps there are.",
    ),
    "logs-kept": Text(
        zh="查明是谁、为何清空日志，报告保密员；限制“管理审核和安全日志”的权限，启用 Windows Event Log 服务。",
        en="Find out who emptied the logs and why, and tell the secrecy officer; restrict the right "
        "'Manage auditing and security log', and keep the service Windows Event Log on.",
    ),
}
"""Name of a check → what to do. The others' own words hold for every system."""
