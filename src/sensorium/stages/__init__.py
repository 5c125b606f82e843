"""The stages of dvc.yaml, one file each. A stage only composes: it reads params and paths, calls, and writes."""
