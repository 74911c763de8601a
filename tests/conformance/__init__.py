"""Our model side against software that others wrote: see README.md in this folder."""
