"""Numbered reports on paper: inspection report, rectification list, ledger extract, annual summary."""
