"""What a typed number means, and where its owner lives."""
