"""Words, sentences and markings the benchmark's documents are made of. All invented; seeded by the caller."""

from __future__ import annotations

import random
from dataclasses import dataclass

WORDS = (
    "工作 单位 部门 人员 管理 安排 情况 问题 项目 建设 发展 落实 责任 会议 通知 领导 组织 开展 "
    "加强 提高 认真 完成 检查 要求 制度 计划 方案 服务 群众 社会 经济 资金 预算 财务 审计 采购 "
    "合同 设备 物资 库房 储备 调度 应急 演练 值班 防汛 水利 交通 运输 道路 桥梁 城市 乡镇 农业 "
    "粮食 教育 学校 学生 教师 医院 卫生 健康 环境 保护 绿化 垃圾 分类 污水 处理 系统 平台 数据 "
    "信息 网络 技术 软件 硬件 测试 运行 维护 升级 接口 用户 培训 考核 评价 指标 目标 任务 进度 "
    "质量 安全 生产 企业 市场 价格 消费 投资 税收 就业 居民 社区 街道 物业 规划 设计 施工 验收 "
    "工程 材料 成本 效益 分析 报告 研究 调查 统计 数量 比例 增长 下降 同比 环比 季度 年度 上半年 "
    "下半年 目前 今后 首先 其次 同时 此外 因此 为了 根据 按照 关于 对于 通过 进行 进一步 不断 充分 "
    "积极 及时 全面 重点 主要 基本 具体 相关 有关 各级 全体 联合 协调 配合 支持 推进"
).split()
ENGLISH = (
    "the of and to in a is that for it as was with be by on not he his but at are this have from or had an they "
    "which one you were all her she there would their we him been has when who will no more if out so up said "
    "what its about than into them can only other time new some could these two may first then do any like my now "
    "over such our man report office system network service budget project review schedule quarter meeting "
    "customer delivery material"
).split()
TALK = (
    "国家秘密的密级分为绝密、机密、秘密三级。",
    "机密级文件应当在专用计算机上起草，不得使用非涉密移动存储介质。",
    "工作人员不得泄露国家秘密、工作秘密和商业秘密。",
    "内部资料应当妥善保管，未经批准不得对外提供。",
    "保密期限届满的，自行解密；绝密级国家秘密不超过三十年。",
    "涉密文件应当标明密级和保密期限，并注明知悉范围。",
)


@dataclass(frozen=True)
class Mark:
    """A marking as a document carries it, and the terms by which a byte searcher can find it."""

    text: str
    term: str
    """The shortest part that tells it from talk: what the other tools are given."""
    chinese: bool = True


MARKS = (
    Mark("机密★10年", "机密★"),
    Mark("绝密★30年", "绝密★"),
    Mark("秘密★5年", "秘密★"),
    Mark("绝密★启用前", "绝密★"),
    Mark("机密★长期", "机密★"),
    Mark("秘密★6个月", "秘密★"),
    Mark("机密☆20年", "机密☆"),
    Mark("機密★10年", "機密★"),
    Mark("密级：机密", "密级：机密"),
    Mark("密级：绝密★20年", "密级：绝密"),
    Mark("密级：秘密", "密级：秘密"),
    Mark("工作秘密★3年", "工作秘密★"),
    Mark("工作秘密 注意保管", "工作秘密 注意保管"),
    Mark("内部资料 注意保存", "内部资料 注意保存"),
    Mark("内部资料，注意保密", "内部资料，注意保密"),
    Mark("内部文件，请勿外传", "内部文件，请勿外传"),
    Mark("内部材料 不得外传", "内部材料 不得外传"),
    Mark("内部使用，严禁外传", "内部使用，严禁外传"),
    Mark("内部参阅 妥善保管", "内部参阅 妥善保管"),
    Mark("核心商密★5年", "核心商密★"),
    Mark("普通商密★3年", "普通商密★"),
    Mark("商业秘密★5年", "商业秘密★"),
    Mark("TOP SECRET//SI//NOFORN", "TOP SECRET//", chinese=False),
    Mark("SECRET//NOFORN", "SECRET//", chinese=False),
    Mark("SECRET//REL TO USA, FVEY", "SECRET//", chinese=False),
    Mark("CONFIDENTIAL//NOFORN", "CONFIDENTIAL//", chinese=False),
    Mark("UNCLASSIFIED//FOUO", "UNCLASSIFIED//FOUO", chinese=False),
    Mark("CUI//SP-PRVCY", "CUI//", chinese=False),
    Mark("CUI//SP-CTI//NOFORN", "CUI//", chinese=False),
    Mark("OFFICIAL-SENSITIVE", "OFFICIAL-SENSITIVE", chinese=False),
    Mark("UK SECRET", "UK SECRET", chinese=False),
    Mark("UK TOP SECRET", "UK TOP SECRET", chinese=False),
    Mark("RESTREINT UE/EU RESTRICTED", "UE/EU RESTRICTED", chinese=False),
    Mark("SECRET UE/EU SECRET", "SECRET UE/EU", chinese=False),
    Mark("NATO RESTRICTED", "NATO RESTRICTED", chinese=False),
    Mark("NATO CONFIDENTIAL", "NATO CONFIDENTIAL", chinese=False),
    Mark("NATO SECRET", "NATO SECRET", chinese=False),
    Mark("COSMIC TOP SECRET", "COSMIC TOP SECRET", chinese=False),
    Mark("TLP:RED", "TLP:RED", chinese=False),
    Mark("TLP:AMBER", "TLP:AMBER", chinese=False),
    Mark("TLP:AMBER+STRICT", "TLP:AMBER", chinese=False),
    Mark("COMPANY CONFIDENTIAL", "COMPANY CONFIDENTIAL", chinese=False),
    Mark("STRICTLY CONFIDENTIAL", "STRICTLY CONFIDENTIAL", chinese=False),
    Mark("INTERNAL USE ONLY", "INTERNAL USE ONLY", chinese=False),
)
"""One for every common form of the families that are on by default; also what the other tools are to look for."""


def sentence(random_: random.Random, english: float = 0.15) -> str:
    """One sentence of everyday office language."""
    if random_.random() < english:
        return " ".join(random_.choices(ENGLISH, k=random_.randint(6, 14))).capitalize() + "."
    first, rest = random_.choices(WORDS, k=random_.randint(4, 9)), random_.choices(WORDS, k=random_.randint(4, 10))
    return "".join(first) + "，" + "".join(rest) + "。"


def paragraphs(random_: random.Random, characters: int, talk: bool = False) -> list[str]:
    """Paragraphs of about so many characters; with ``talk``, some sentences talk about secrecy."""
    lines: list[str] = []
    while characters > 0:
        parts = [sentence(random_) for _ in range(random_.randint(2, 6))]
        if talk and random_.random() < 0.3:
            parts.append(random_.choice(TALK))
        lines.append("".join(parts))
        characters -= len(lines[-1])
    return lines
