"""The bridge: a device comes over a plain WebSocket, as a phone app, a BLE bridge or firmware can. docs/bridge.md is
the protocol, `client_example.py` a whole device in one file, `conform/` checks both sides of it."""
