"""Incidents: what happened, whom it was reported to and by when, what was done, whose fault it was, and the end of it."""
