"""From a folder to verdicts: walk, identify, extract, match."""
