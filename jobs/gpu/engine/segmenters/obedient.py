"""A backend for the fault experiments: it does what the photo says, and finds whatever is asked for
all over it.

A plain red photo kills the process that looks at it, as a fault of a driver or the memory's end
would. A plain blue one takes as long as it is blue. Any other is passed on at once.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence

import numpy as np

from jobs.gpu.engine.arrays import Rgb
from jobs.gpu.engine.segmenters.base import Segmentation

BLUE_PER_SECOND = 50.0
STRONG, WEAK = 40, 30


class ObedientSegmenter:
    name = "obedient"
    version = None  # what it does is the point, not what it finds: never remembered

    def segment(self, rgb: Rgb, concepts: Sequence[str]) -> Segmentation:
        red, green, blue = (float(value) for value in rgb.reshape(-1, 3).mean(axis=0))
        if red > STRONG and green < WEAK and blue < WEAK:
            os.kill(os.getpid(), signal.SIGKILL)
        if blue > STRONG and red < WEAK and green < WEAK:
            time.sleep(blue / BLUE_PER_SECOND)
        everything = np.full(rgb.shape[:2], 255, np.uint8)
        return Segmentation(dict.fromkeys(concepts, everything))
