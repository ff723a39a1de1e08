"""The ways to a phone: providers over HTTP, SMPP, and the simulated network; which of them there are (`registry`)."""
