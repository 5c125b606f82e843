"""Statistics of arrays, by numpy and scipy: nothing here knows the rest of Sensorium."""
