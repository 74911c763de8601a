"""`companion conform`: does the other side keep to docs/bridge.md? `listen` checks a device, `ask` a companion."""
