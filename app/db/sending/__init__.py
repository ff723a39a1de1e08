"""Messages as rows: composed, queued, handed to a carrier, reported; and the connections they take."""
