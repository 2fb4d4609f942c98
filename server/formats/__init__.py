"""How dates are written on pages and on paper, by language; files and interfaces for programs keep ISO 8601."""
