"""Self-check rounds: who is to make a self-check by when, who has, who signs for it, and figures that stay."""
