"""Incidents: what happened, who was told and by when, what was done, whose fault it was, and how it ended."""
