"""The model side of the companion: who is asked (`port`), and the asking (`client`)."""
