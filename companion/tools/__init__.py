"""Carries out the tools that reach outside the deciders: notes, web search, MCP servers, small programs.

    runner.py      one entrance: which of these tools there are, and running one of them
    result.py      what comes of a run: text of bounded size, or why there is none; never an exception
    place.py       what they share: data folder, door, keys
    notes.py       the wearer's notes, one JSON line each
    search.py      web search at the address from the settings
    sandbox.py     small programs in pydantic-monty (extra `sandbox`)
    mcp.py         MCP servers from the settings: their tools, pinned and named (extra `mcp`)
    mcp_server.py  the life of one such server: connect, watch, start once more
    mcp_wire.py    what the SDK does not tell of a connection
    pins.py        what each tool of a server said of itself when it was first seen

Importing this package loads nothing: the extras and their libraries are loaded by `ToolRunner.start`.
"""
