"""What the bench of the first word looks at, and what the recordings tell of it."""
