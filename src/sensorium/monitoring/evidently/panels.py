"""What Evidently shows of a check, as one page that needs nothing else."""

from evidently.core.metric_types import render_widgets
from evidently.core.report import Snapshot


def html(snapshot: Snapshot) -> str:
    """The page, some 4 MB with the scripts and the font it needs; it asks no network for anything.

    To be shown inside another page it needs an ``<iframe sandbox="allow-scripts">``.
    """
    # Not the snapshot's own page: that holds every plot twice.
    return render_widgets(snapshot.to_snapshot_model().widgets)
