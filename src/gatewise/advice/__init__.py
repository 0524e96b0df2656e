"""Which cell to start with: quick measurements on the user's data and machine, and recorded outcomes of similar data."""
