"""Occurrences, violation groups and their states."""
