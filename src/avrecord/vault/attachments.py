"""Attachments: what is too large or too personal for a leaf, kept by its SHA-256."""

from __future__ import annotations

import hashlib
from pathlib import Path

from avrecord import durable
from avrecord.errors import BytesMissing, EvidenceError
from avrecord.model.clip import ClipId


class Attachments:
    """Files under `root`, named by what they contain. Written durably, never changed."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, content: bytes) -> str:
        """Keep `content`; return its digest. Keeping it twice changes nothing."""
        digest = hashlib.sha256(content).hexdigest()
        path = self.path(digest)
        if not path.exists():
            durable.make_folder(path.parent)
            durable.replace_with(path, content, workshop=self.root)  # one folder to look through after a crash, not 256
        return digest

    def get(self, digest: str) -> bytes:
        """The content. Raises BytesMissing, or EvidenceError when it is not what its name says."""
        path = self.path(digest)
        if not path.exists():
            raise BytesMissing(what=f"附件 {digest[:12]}")
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != digest:
            raise EvidenceError(detail=f"附件 {digest[:12]} 的内容与其摘要不符")
        return content

    def path(self, digest: str) -> Path:
        return self.root / ClipId(digest).hex[:2] / digest
