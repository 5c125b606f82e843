"""Ways to read values: from an input's values to token sequences ``[tokens, dim]``."""
