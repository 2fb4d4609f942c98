"""What the survey of a raw device or image found: sums by kind, no data (DISPOSE-04, MEDIA-22)."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(kw_only=True)
class Survey:
    """One survey, filled while it runs."""

    size: int = 0
    """Bytes of the device."""
    read: int = 0
    """Bytes that were looked at; equal to ``size`` where everything was."""
    bad: int = 0
    """Bytes that could not be read."""
    constant: int = 0
    """Blocks of `BLOCK` bytes that hold one value over and over (zeros, as a rule)."""
    random: int = 0
    """Blocks that cannot be compressed: overwritten with random bytes, encrypted, or compressed data."""
    data: int = 0
    """Blocks that hold anything else."""
    signatures: dict[str, int] = field(default_factory=dict)
    """Partition tables, file systems and encryption → how many."""
    documents: dict[str, int] = field(default_factory=dict)
    """Heads of documents by type."""
    markings: dict[str, int] = field(default_factory=dict)
    """Markings by encoding; ``in zip`` for those inside carved documents."""
    deleted: dict[str, int] = field(default_factory=dict)
    """Deleted files by file system: ``ext4 names``, ``ext4 recoverable``, ``ext4 marked`` …"""
    not_walked: dict[str, int] = field(default_factory=dict)
    """File systems whose deleted files could not be looked for, by reason."""
    seconds: float = 0.0

    @property
    def complete(self) -> bool:
        """Whether every byte was looked at."""
        return self.read + self.bad >= self.size

    @property
    def blocks(self) -> int:
        """How many blocks were classed."""
        return self.constant + self.random + self.data
