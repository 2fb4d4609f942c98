"""Envelopes in: authenticate, spool, receipt, fan out."""
