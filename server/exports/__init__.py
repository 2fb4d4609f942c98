"""Violations for other programs: one form a file. No path, no name of a file, no text of a document is in any."""
