"""Who waits for whom: those without a key, and the requests of one key, never hold up everybody else."""

from starlette.applications import Starlette
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

from sensorium.serving.all_connections import PROBES
from sensorium.serving.connections import waiting_for
from sensorium.serving.line import Line, TooLong
from sensorium.serving.refusal import Refused

RATE = 50.0  # requests a second of all clients without a key, the page takes a dozen; of a key that is alone, at least
AHEAD = 50  # of them that need not wait


async def wait(scope: Scope, line: Line, who: str, gives_way: bool, sentence: str) -> None:
    """Waits until a request's turn comes.

    Raises:
        Refused: with a sentence, if it does not come in time.
        ClientDisconnect: if the client does not wait.
    """
    turn = line.join(who)
    if turn.done():
        return
    with waiting_for(scope, turn, gives_way):
        try:
            await turn
        except TooLong:  # not sooner: who does not wait would ask again at once
            raise Refused(503, sentence, 1) from None


class Paced:
    """Lets requests without a key pass one after the other at a rate that costs the others little."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._line = Line(RATE, AHEAD)
        self._probes = {path: Line(rate, rate) for path, rate in PROBES.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves a request, or refuses it when too many wait already."""
        try:
            if scope["type"] == "http" and not self._passes(scope):
                line, address = self._probes.get(scope["path"], self._line), (scope.get("client") or ("",))[0]
                words = "too many requests without an API key; try again soon"
                await wait(scope, line, address, gives_way=True, sentence=words)
        except Refused as refused:
            await refused.response()(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _passes(self, scope: Scope) -> bool:
        """Whether a request may ask for what needs a key."""
        return bool(scope["app"].state.guard.knows(scope))


class PacedElsewhere(Paced):
    """Lets requests for what an application does not have pass in the same way: they never reach its own `Paced`."""

    def __init__(self, app: ASGIApp, application: Starlette) -> None:
        super().__init__(app)
        self._routes = application.routes

    def _passes(self, scope: Scope) -> bool:
        return any(route.matches(scope)[0] is not Match.NONE for route in self._routes)
