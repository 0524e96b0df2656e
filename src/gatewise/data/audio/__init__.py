"""Sounds become log-mel energies, kept between runs."""
