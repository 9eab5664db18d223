"""Whether the HTTP API answers."""

from http.client import HTTPConnection, HTTPException

from s3project.embedded.ports import HOST


def web_answers(port: int) -> bool:
    """True when `GET /health` on this machine is 200."""
    connection = HTTPConnection(HOST, port, timeout=2)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
