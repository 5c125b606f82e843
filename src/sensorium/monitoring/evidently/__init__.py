"""What Evidently shows of a check: its columns and tests, panels, and trends over all checks."""
