"""Benchmarks: `mijian scan` against other tools in the same run. Ratios, never absolute promises."""
