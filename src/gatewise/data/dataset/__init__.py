"""What every source becomes: rows with their targets, checked; which rows repeat, split, go together."""
