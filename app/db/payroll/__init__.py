"""A batch as rows: its lines, its people, its reading, and where each document stands."""
