"""Private keys at rest: one line of text per key, 0600, in one of three forms.

    avrecord-key-v1 <role> <base64 seed>
    avrecord-key-v1 <role> argon2id <operations> <bytes of memory> <base64 salt> <base64 SecretBox>
    avrecord-key-v1 <role> pkcs11:token=…;object=…?module-path=…          (RFC 7512; the key stays in the token)

A sealed key and a token are opened at the first signature, not at the start: reading commands need no passphrase.
"""

from __future__ import annotations

import base64
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

from nacl import pwhash, secret
from nacl.exceptions import CryptoError
from nacl.utils import random

from avrecord import durable
from avrecord.errors import KeyProblem
from avrecord.seal import token
from avrecord.seal.note import BadNote, canonical_base64
from avrecord.seal.signer import Signer, SoftSigner

HEADER = "avrecord-key-v1"
ARGON2ID = "argon2id"
LARGEST_MEMORY = 2 << 30  # bytes: a key file that asks for more is an attack on the station, not a key
PASSPHRASE_FILE = "AVRECORD_PASSPHRASE_FILE"  # noqa: S105 - the name of the variable
CREDENTIAL = "avrecord-passphrase"
"""Name under which systemd's `LoadCredential=` gives the passphrase."""


class ClosedSigner:
    """A signer whose key is fetched at the first signature. What is fetched must fit the public key."""

    def __init__(self, path: Path, public: bytes, fetch: Callable[[], Signer]) -> None:
        self.public = public
        self._path, self._fetch = path, fetch
        self._open: Signer | None = None
        self._lock = threading.Lock()

    def sign(self, message: bytes) -> bytes:
        """See `Signer`. Raises KeyProblem when the key cannot be opened, or is not the one that was announced."""
        with self._lock:
            if self._open is None:
                found = self._fetch()
                if found.public != self.public:
                    raise KeyProblem(path=self._path, detail="与公布的公钥不是一对")
                self._open = found
        return self._open.sign(message)


def write(path: Path, role: str, key: SoftSigner, passphrase: bytes | None = None) -> None:
    """Keep a key durably, sealed when there is a passphrase. Replaces what is at `path`."""
    encoded = _sealed(key.seed, passphrase) if passphrase is not None else base64.b64encode(key.seed).decode()
    durable.replace_with(path, f"{HEADER} {role} {encoded}\n".encode(), mode=0o600)


def write_token(path: Path, role: str, uri: str) -> Signer:
    """Refer to a key in a PKCS#11 token, after it was found there; return its signer. Raises KeyProblem."""
    found = token.open_key(uri, path)
    durable.replace_with(path, f"{HEADER} {role} {uri}\n".encode(), mode=0o600)
    return found


def read(path: Path, role: str, public: bytes | None, passphrase: Callable[[], bytes | None]) -> Signer:
    """The signer behind a key file. `public`: what was announced; without it a closed key is opened at once.

    Raises KeyProblem when the file is missing, malformed, readable by others, or not of this role.
    """
    words = _words(path)
    if words[:2] != [HEADER, role]:
        raise KeyProblem(path=path, detail="格式不符")
    match words[2:]:
        case [uri] if uri.startswith(token.SCHEME):
            fetch: Callable[[], Signer] = lambda: token.open_key(uri, path)  # noqa: E731 - one of two ways to fetch
        case [seed]:
            return _soft(path, seed)
        case [kind, operations, memory, salt, box] if kind == ARGON2ID:
            fetch = lambda: _opened(path, (operations, memory, salt, box), passphrase())  # noqa: E731
        case _:
            raise KeyProblem(path=path, detail="格式不符")
    return fetch() if public is None else ClosedSigner(path, public, fetch)


def is_closed(path: Path) -> bool:
    """Whether the file holds no seed that its reader could use at once."""
    return len(_words(path)) != 3 or _words(path)[2].startswith(token.SCHEME)


def passphrase_from_environment() -> bytes | None:
    """The passphrase as a service gets it: a systemd credential, or the file that the environment names.

    Never the variable's own value: environments are read by ps and written into crash reports. Raises KeyProblem.
    """
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    named = os.environ.get(PASSPHRASE_FILE)
    if named:
        return passphrase_in(Path(named))
    if folder and (Path(folder) / CREDENTIAL).exists():
        return passphrase_in(Path(folder) / CREDENTIAL)
    return None


def passphrase_in(path: Path) -> bytes:
    """A passphrase: the file's first line. Raises KeyProblem for an empty or unreadable one."""
    try:
        found = path.read_bytes().split(b"\n")[0].rstrip(b"\r")
    except OSError as error:
        raise KeyProblem(path=path, detail="口令文件读不出") from error
    if not found:
        raise KeyProblem(path=path, detail="口令文件是空的")
    return found


def _words(path: Path) -> list[str]:
    try:
        mode = path.stat().st_mode
        words = path.read_text("ascii").split()
    except FileNotFoundError as error:
        raise KeyProblem(path=path, detail="文件不存在") from error
    except (OSError, ValueError) as error:
        raise KeyProblem(path=path, detail="读不出") from error
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise KeyProblem(path=path, detail="其他用户可读，权限应为 0600")
    return words


def _soft(path: Path, seed: str) -> SoftSigner:
    try:
        return SoftSigner(canonical_base64(seed))
    except ValueError as error:
        raise KeyProblem(path=path, detail="格式不符") from error


def _sealed(seed: bytes, passphrase: bytes) -> str:
    """argon2id MODERATE (256 MiB, 0.44 CPU-s measured) and SecretBox: OpenSSL's 2,048 rounds of PBKDF2 are too weak."""
    salt = random(pwhash.argon2id.SALTBYTES)
    operations, memory = pwhash.argon2id.OPSLIMIT_MODERATE, pwhash.argon2id.MEMLIMIT_MODERATE
    box = secret.SecretBox(_derived(passphrase, salt, operations, memory)).encrypt(seed)
    return f"{ARGON2ID} {operations} {memory} {base64.b64encode(salt).decode()} {base64.b64encode(box).decode()}"


def _opened(path: Path, sealed: tuple[str, str, str, str], passphrase: bytes | None) -> SoftSigner:
    if passphrase is None:
        raise KeyProblem(path=path, detail=f"有口令保护，请用环境变量 {PASSPHRASE_FILE} 指明口令文件")
    operations, memory, salt, box = sealed
    try:
        if not 1 <= int(operations) <= 64 or not 8192 <= int(memory) <= LARGEST_MEMORY:
            raise ValueError("limits")
        derived = _derived(passphrase, canonical_base64(salt), int(operations), int(memory))
        return SoftSigner(secret.SecretBox(derived).decrypt(canonical_base64(box)))
    except CryptoError as error:
        raise KeyProblem(path=path, detail="口令不对，或文件被改动") from error
    except (BadNote, ValueError, TypeError) as error:
        raise KeyProblem(path=path, detail="格式不符") from error


def _derived(passphrase: bytes, salt: bytes, operations: int, memory: int) -> bytes:
    return pwhash.argon2id.kdf(secret.SecretBox.KEY_SIZE, passphrase, salt, operations, memory)
