"""The model side of the companion: who can be asked (`profile`, `catalogue`, `configured`), the asking (`client`,
`models`), what it cost (`spending`), and `companion models`."""
