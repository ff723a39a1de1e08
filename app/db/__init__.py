"""The database: its tables, the queries on them, and what several use cases write in the same way."""
