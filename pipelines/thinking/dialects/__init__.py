"""Wire formats of models, pure: our messages to a request body, the bytes that come back to pieces of an answer."""
