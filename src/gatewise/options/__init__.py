"""The options of a comparison: described once, read from any spelling, written back as words of the command line."""
