"""Handling: what papers say after a marking of how they are to be kept and passed on, ``严禁外传``, ``Do not copy``.

Not a marking by itself: patterns allow it after one as ``{{handling}}``, and after a level word it tells a marking from
a heading.
"""

from __future__ import annotations

_SPREAD = (
    "(?:外[传泄露借发带]|泄[露密漏]|扩散|传[播抄阅]|散[发布]|转[发载借抄让]|复[制印]|翻[印拍]|摘[抄录]|抄录|引用|拍[照摄]|"
    "公[开布]|张贴|提供|披露|带[出离走]|携带外出|上网|上传(?:网络|互联网)?|网上(?:传播|发布)|互联网(?:传播|传输)|录[音像]|截[屏图])"
)
_NEVER = "(?:请?勿|不得|严禁|禁止|切勿|不准|不许|不可|谢绝)"
_LEAVE = "未经[一-龥]{0,8}(?:许可|批准|授权|允许|同意),?\\s?"
_READ = "(?:使用|传阅|传看|参考|参阅|阅[读看知]|交流|知悉|掌握|学习|资料|文件)"
_CHINESE = (
    f"(?:{_LEAVE})?(?:任何(?:单位|人|个人|单位[和或]个人)\\s?)?"
    f"{_NEVER}(?:以任何[形方]式|擅自|随意|自行|向外|对外|私自)?{_SPREAD}(?:[、,或和及]?{_SPREAD}){{0,2}}"
    "|请?注意(?:妥善)?保[存密管]|请?(?:注意)?妥善保[管存]"
    "|[阅会用看]后(?:请?(?:收回|交回|退回|归还|清退|销毁)|即[焚毁])|限时[收退]回|专人(?:传递|保管|送达|送阅)"
    f"|(?:仅[限供]|只[限供]|限|供)(?:本?(?:公司|单位|机关|系统|集团|部门))?内部{_READ}?|(?<!、)内部{_READ}"
    "|(?:仅[限供]|只[限供]|限)(?!内部)[一-龥]{2,10}(?:阅[读看知]?|传阅|使用|知悉)"
    "|仅?供参考|免费(?:交流|赠阅|赠送|取阅|发放)"
)
_DEED = "(?:copy|copied|distribut(?:e|ed|ion)|forward|share|disclos(?:e|ure)|circulat(?:e|ion)|reproduce|release)"
_ENGLISH = (
    f"(?i:do not {_DEED}(?:,? (?:or )?{_DEED}){{0,2}}|not (?:for|to be) (?:(?:further|public|external|onward) )?{_DEED}"
    "(?: or (?:distribution|disclosure|reproduction))?|(?:for )?(?:company )?internal use only|for internal use"
    "|(?:(?:outside )?(?:attorneys?|counsel)(?:['’]s|s['’]|['’])? )eyes only|(?:named )?recipients? only"
    "|(?:for )?(?:the )?(?:board|management|executives?|directors?|staff|addressees?)(?: members?| use| eyes)? only"
    "|all rights reserved|subject to (?:a )?protective order)"
)

HANDLING = rf"(?:[\s,;.!、·★()|:-]{{0,4}}(?:{_CHINESE}|{_ENGLISH})[.!)]{{0,2}}){{1,2}}"
"""One or two notes of handling with what stands before each. Without named groups, to be put into other patterns."""

URGENCY = r"(?:特\s?急|加\s?急|平\s?急|特\s?提|急\s?件)"
"""Degree of urgency (GB/T 9704-2012 7.2.3) or of a telegram."""
