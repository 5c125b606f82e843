"""Prefect's view of the pipeline: the graph is read from dvc.yaml, and stages are commands."""
