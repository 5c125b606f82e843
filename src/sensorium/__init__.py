"""Sensorium: train, gate, package, serve and watch models over several kinds of input at once."""
