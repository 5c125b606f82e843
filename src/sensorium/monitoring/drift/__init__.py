"""Whether, what and how much drifted, against the reference that travels with the model."""
