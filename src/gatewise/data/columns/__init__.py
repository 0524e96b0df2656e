"""Which columns a table has, of what kind each is, and what is asked of them."""
