"""Networks from folders that transformers saved: what must be in a folder, how it is loaded, read and proven."""
