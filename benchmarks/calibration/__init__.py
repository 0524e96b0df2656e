"""How often gatewise's verdict is wrong, and how often it is reached, over thousands of simulated studies."""
