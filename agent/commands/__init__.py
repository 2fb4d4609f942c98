"""The commands of ``mijian``: one file each, with ``add_parser(subparsers)`` and ``run(options) -> int``.

`agent.cli` imports only the command that is called, so that each starts fast.
"""

from __future__ import annotations


class UsageError(Exception):
    """A mistake in what was asked for: a command raises it, `agent.cli` tells it on stderr with exit status 2."""
