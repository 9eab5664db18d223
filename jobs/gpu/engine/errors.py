"""What can go wrong with one photo, one message or one model."""

from __future__ import annotations

# Why a file is no photo for us. Plain words and commas: clients are shown nothing else
# (`public_error` in jobs/lifecycle/selectors.py).
NOT_AN_IMAGE = "not an image we can read (JPEG, PNG, WebP, AVIF or HEIC)"
TOO_MANY_PIXELS = "image is larger than 50 megapixels"
DAMAGED = "image is truncated or damaged"
TOO_LONG = "image takes too long to decode, save it anew as a plain JPEG or PNG"
TOO_MUCH_MEMORY = "image needs too much memory to decode, save it anew as a plain JPEG or PNG"


class PhotoError(Exception):
    """This photo cannot be edited, whoever tries.

    `reason` is a short sentence that is safe to show to a client: it never holds a storage key,
    a host name, a library's own message or a trace.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NothingToChange(PhotoError):
    """Edits were asked for and none of them could be made: there is nothing to pay for."""


class MessageError(ValueError):
    """A queue message does not have the agreed shape. The text names the field."""


class ModelError(RuntimeError):
    """A model is missing, altered or cannot run. The operator has to act; the item fails."""


class ProtectionError(AssertionError):
    """A protected pixel changed. Always a fault of the engine; the item must fail."""


class EditSkipped(Exception):
    """One edit was left out, and the photo stays valid.

    `reason` is a warning for the client, `brief` says the same in two or three words.
    """

    def __init__(self, reason: str, brief: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.brief = brief
