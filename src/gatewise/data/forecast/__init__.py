"""Tables of steps become windows and what follows them."""
