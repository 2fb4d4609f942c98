"""Self-checks: one file per family."""
