"""The API for programs: what the pages do, over HTTP and JSON, with keys that have scopes. One resource a file."""
