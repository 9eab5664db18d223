"""What a request sent and no view read, since it was refused before."""

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

# As much as the front hands on; whoever asks web directly and sends more loses the connection.
LONGEST = 2 * 1024 * 1024
STEP = 64 * 1024


def read_to_the_end(application: WSGIApplication) -> WSGIApplication:
    """Has a body read before its answer is sent. The server can only cut off a connection with a
    rest of one, and whoever is still writing then may never see the answer: the front says 503 in
    its place. Who reaches web without a front may hold a thread by it, as by a body that is read.
    """

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        answered = application(environ, start_response)
        if environ.get("CONTENT_LENGTH", "0") != "0" or "HTTP_TRANSFER_ENCODING" in environ:
            _drain(environ)
        return answered

    return answer


def _drain(environ: WSGIEnvironment) -> None:
    body, left = environ["wsgi.input"], LONGEST
    while left > 0 and (read := len(body.read(STEP))):
        left -= read
