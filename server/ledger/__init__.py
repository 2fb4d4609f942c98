"""The registers of computers and media."""
