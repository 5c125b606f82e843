"""Detects drift of logged predictions from the reference that travels with the model."""
