"""Answers to requests that are not served: a status and one sentence."""

import math

from starlette.responses import JSONResponse

ACCIDENT = "the service failed; its log says why under the request id {}"


class Refused(Exception):  # noqa: N818 - the answer to a request, not an error of the service
    """A request that is answered with a status of 4xx or 503 and a sentence.

    Args:
        status: of the answer.
        sentence: what is wrong and what to do.
        retry_after: seconds after which the same request may be served.
    """

    def __init__(self, status: int, sentence: str, retry_after: float | None = None) -> None:
        super().__init__(sentence)
        self.status, self.sentence = status, sentence
        self.headers = {} if retry_after is None else {"Retry-After": str(max(1, math.ceil(retry_after)))}
        if status == 401:
            self.headers["WWW-Authenticate"] = "Bearer"

    def response(self) -> JSONResponse:
        """The answer."""
        return JSONResponse({"error": self.sentence}, self.status, self.headers)
