"""Names for the arrays the engine passes around."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]
"""HxWx3, 0-255, gamma-coded in the photo's own colour profile (sRGB when it has none)."""

Mask = NDArray[np.uint8]
"""HxW, 0-255: how much of a pixel belongs to something. 0 and 255 are exact."""

BoolMask = NDArray[np.bool_]
"""HxW, True where a pixel belongs to something."""

Floats = NDArray[np.float32]
"""Any shape, single precision."""
