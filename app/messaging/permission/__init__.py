"""What a message is for, and whether it may be said to this person: categories, consent, and what people answer."""
