"""What is fitted on the training part, and turns sequences into numbers that a network reads."""
