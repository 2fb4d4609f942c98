"""The API under ``/api/v1/`` and the health page: one view a file."""
