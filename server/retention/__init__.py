"""How long the collector keeps what is over, and the purge of what was kept long enough."""
