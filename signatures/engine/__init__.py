"""The sieve: one multi-pattern pass over raw bytes that says where it is worth looking."""
