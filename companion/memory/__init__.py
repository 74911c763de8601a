"""What is remembered beyond a session: one database of the wearer's, on this machine (docs/memory.md)."""
