"""Telling people what is new: counts, severity and a link. Queued in the database, sent by one thread, audited."""
