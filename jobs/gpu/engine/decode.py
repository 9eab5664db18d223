"""From the bytes of an upload to a `Photo`, by way of the cell: nothing of a photo is looked at in
this process, and of what is none its first bytes (`reading.py` says what is looked at there).
"""

from __future__ import annotations

from jobs.gpu.engine.cell.pool import borrowed
from jobs.gpu.engine.errors import NOT_AN_IMAGE, PhotoError
from jobs.gpu.engine.formats.canvas import Admit, welcome
from jobs.gpu.engine.formats.not_a_photo import why_not_a_photo
from jobs.gpu.engine.photo import Photo
from jobs.limits import MAX_PHOTO_BYTES


def decode(data: bytes, admit: Admit = welcome) -> Photo:
    """Decode a JPEG, PNG, WebP, AVIF or HEIC file.

    `admit` is asked before pixels are decoded, and may keep the photo waiting. Of an animation the
    first frame is taken, with a warning. Raises PhotoError when the file is empty, over 25 MiB,
    over 50 megapixels, of another type, truncated or damaged, and when it takes more than 10
    seconds of the processor, or brings its decoder down.
    """
    if not data:
        raise PhotoError("file is empty")
    if len(data) > MAX_PHOTO_BYTES:
        raise PhotoError("file is larger than 25 MiB")
    try:
        with borrowed() as cell:
            return cell.decode(data, admit)
    except PhotoError as error:
        if error.reason == NOT_AN_IMAGE:
            raise PhotoError(why_not_a_photo(data)) from None
        raise
