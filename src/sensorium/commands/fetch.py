"""fetch: downloads what params.yaml needs before the pipeline runs."""

from importlib.resources import files
from pathlib import Path

from sensorium import params
from sensorium.dataset import frozen
from sensorium.files import replacing

PLOTS = Path(".dvc/vega.js")  # .dvc/plots.html looks for it, so that the pages of `dvc plots` need no network


def run() -> None:
    """Fetches the source's files and every input's encoder, and puts the scripts of `dvc plots` in their place."""
    settings = params.load()
    settings.data.fetch()
    for name, kind in settings.inputs.items():
        frozen.load(kind)
        print(f"fetch: {name} reads by {kind.encoder}")
    place_scripts()


def place_scripts() -> None:
    """Copies Vega's scripts out of their package, where DVC is in use."""
    if not PLOTS.parent.is_dir():
        return
    scripts = files("js_lib_vega_embed") / "static/js_lib_vega_embed/vega-embed-full.js"
    with replacing(PLOTS) as beside:
        beside.write_bytes(scripts.read_bytes())
