"""Tables of every shape (a row a sequence, a row a step) become a Dataset."""
