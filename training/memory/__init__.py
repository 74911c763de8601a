"""How a question finds its fact in other words: from wordings to the weights of `companion.memory.meaning`."""
