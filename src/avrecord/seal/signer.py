"""The seam between what is signed and where the private key lives.

Everything that signs asks a `Signer`; whether it is a key file (`SoftSigner`) or a token that never gives
its key away (`seal.token`) is known in `seal.keys` only.
"""

from __future__ import annotations

from typing import Protocol

from nacl.signing import SigningKey


class Signer(Protocol):
    """Makes raw Ed25519 signatures (RFC 8032) with one private key."""

    @property
    def public(self) -> bytes:
        """The 32 bytes of the public key."""
        ...

    def sign(self, message: bytes) -> bytes:
        """The 64 bytes of the signature over `message`. Raises KeyProblem when the key cannot be used."""
        ...


class SoftSigner:
    """A key held in this process."""

    __slots__ = ("_key", "public")

    def __init__(self, seed: bytes) -> None:
        """`seed`: the 32 secret bytes of RFC 8032. Raises ValueError for another length."""
        if len(seed) != 32:
            raise ValueError("an Ed25519 seed has 32 bytes")
        self._key = SigningKey(seed)
        self.public = bytes(self._key.verify_key)

    @classmethod
    def generate(cls) -> SoftSigner:
        """A new key from the system's random source."""
        return cls(bytes(SigningKey.generate()))

    @property
    def seed(self) -> bytes:
        """The secret itself: for the key file and nothing else."""
        return bytes(self._key)

    def sign(self, message: bytes) -> bytes:
        """See `Signer`."""
        return self._key.sign(message).signature
