"""A comparison of two runs as people and their tools read it: `text` for a terminal, `junit` for a build server.

JSON is `Comparison.plain()` itself.
"""
