"""What models get wrong: predictions that were kept -> the records of `gatewise.mistakes`."""
