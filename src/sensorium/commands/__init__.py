"""What a person types that is no stage of dvc.yaml: a module each."""
