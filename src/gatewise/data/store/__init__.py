"""Tables and sounds that are encoded once into a folder, and read from there."""
