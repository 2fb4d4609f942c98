"""A fleet that is not there: agents, reports, mishaps and bad clients against a real collector, for measuring it."""
