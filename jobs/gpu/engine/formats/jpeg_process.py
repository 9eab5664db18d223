"""The program that decodes one JPEG file of unusual sampling, from standard input to standard
output, as rows of RGB.

It is run by `jpeg.py` as a process of its own: OpenCV reads every sampling, and what its decoder
complains of it says on standard error, and nowhere else.
"""

import resource
import sys
from typing import Final

import cv2
import numpy as np

# 50 megapixels of RGB, the coefficients they are made from, and the libraries, with room to spare.
_MOST_MEMORY: Final = 3 * 2**30
_MOST_SECONDS: Final = 60


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_MOST_SECONDS, _MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    cv2.setNumThreads(1)
    packed = np.frombuffer(sys.stdin.buffer.read(), np.uint8)
    pixels = cv2.imdecode(packed, cv2.IMREAD_COLOR_RGB)
    if pixels is None:
        sys.exit("unreadable")
    sys.stdout.buffer.write(np.ascontiguousarray(pixels).data)


if __name__ == "__main__":
    main()
