"""The endpoint: watches, scans, judges and reports on one computer."""
