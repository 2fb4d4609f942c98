"""One page, one view, one file."""
