"""Encoders that are trained here, on the rows of the project."""
