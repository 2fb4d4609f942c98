"""Events: one file per kind."""
