"""What outlives a session: pure deciders; the database is in `companion.memory`."""
