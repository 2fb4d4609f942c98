"""The marking grammar: normalise, zones, productions, score."""
