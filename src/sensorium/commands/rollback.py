"""rollback: makes the previous champion champion again."""

from sensorium.commands.promote import champion_of
from sensorium.errors import UserError
from sensorium.registry.git import refuse_dirty
from sensorium.registry.lineage import trace
from sensorium.registry.promotion import Promotion, carry_out, exclusive_access
from sensorium.registry.versions import CHAMPION, Version, champions, find


def run() -> None:
    """Assigns the champion's stage to the previous champion.

    Raises:
        UserError: if the tree is dirty, or there was no champion before.
    """
    with exclusive_access() as completed:
        if completed and completed.back_from:
            _report(find(completed.model.version), completed.back_from)
            return
        refuse_dirty("rolling back", but="dvc.lock")  # while a run is at work it differs
        line = champions()
        if len(line) < 2:
            now = f"{line[0]} is the first champion" if line else "no model is the champion"
            raise UserError(f"there is nothing to go back to: {now}.")
        earlier, current = find(line[-2]), line[-1]
        carry_out(Promotion(CHAMPION, champion_of(earlier), back_from=current))
        _report(earlier, current)


def _report(earlier: Version, current: str) -> None:
    print(
        f"rollback: {earlier.name} is the champion again, {current} is archived; a service running in this folder "
        f"switches to it within seconds{_bento(earlier)}"
    )


def _bento(version: Version) -> str:
    try:
        return f", and its Bento is {trace(version).bento}"
    except UserError:
        return ""
