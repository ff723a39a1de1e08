"""How a message travels: channel, connection, and what the reports amount to."""
