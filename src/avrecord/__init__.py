"""avrecord: body-worn recorder footage, sealed, checked, linked and accounted for (执法全过程记录)."""

__version__ = "0.1.0"
