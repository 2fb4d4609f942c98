"""What travels between agent and collector: records, envelopes, receipts. Imports nothing of ours."""
