"""The session file: write it, recover it, read it, keep it within bounds.

One session is one MCAP file (docs/session-format.md). `writer` makes it, `recover` mends it after a crash, `reader`
gives it back as the events that went in, `digest` says in 64 letters what was decided, `retention` deletes what is too
old or too much. This package knows the shapes of `pipelines.events` and nothing of a live session.
"""
