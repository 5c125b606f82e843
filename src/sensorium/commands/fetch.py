"""fetch: what params.yaml needs from outside, before the pipeline asks for it."""

from sensorium import params


def run() -> None:
    """Fetches the source's files and every input's encoder."""
    settings = params.load()
    settings.data.fetch()
    for name, kind in settings.inputs.items():
        kind.load_encoder()
        print(f"fetch: {name} reads by {kind.encoder}")
