"""The marking grammar: recognises genuine secrecy markings, and leaves alone text that merely talks about secrecy."""

from signatures.markings.circumstances import Circumstances
from signatures.markings.combine import Row, combine, mismatched_copies, not_in_ledger, with_code
from signatures.markings.grammar import Explanation, Grammar, Reading
from signatures.markings.issuance import document_number, issue_date
from signatures.markings.periods import Extension, Status, aged

__all__ = [
    "Circumstances", "Explanation", "Extension", "Grammar", "Reading", "Row", "Status", "aged", "combine",
    "document_number", "issue_date", "mismatched_copies", "not_in_ledger", "with_code",
]  # fmt: skip
