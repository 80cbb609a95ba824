"""A task for the isolated child that proves it can start: libraries load, OCR reads, within the limits."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def ready(request: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Versions of what the child loads; fails, and so tells why, when something is missing."""
    import av
    import cv2
    import numpy as np
    import onnxruntime

    from avrecord.checks.reading import Reader

    lines = Reader().read(np.full((64, 256, 3), 255, np.uint8))
    versions = f"PyAV {av.__version__}，OpenCV {cv2.__version__}，onnxruntime {onnxruntime.__version__}"
    return {"versions": versions, "lines": len(lines)}
