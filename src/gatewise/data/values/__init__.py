"""One value as a source has it, and a whole column of them: missing or not, a number, a text, a list."""
