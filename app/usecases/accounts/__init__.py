"""Console accounts and the keys of programs: one verb per file."""
