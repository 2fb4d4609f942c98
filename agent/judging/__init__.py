"""From finding to violation, given the class of computer and medium."""
