"""The pages IT staff live in."""
