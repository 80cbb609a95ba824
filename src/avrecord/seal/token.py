"""Keys in a PKCS#11 token: the optional `[pkcs11]` extra. The private key never leaves the token.

A key is named by an RFC 7512 URI, `pkcs11:token=<label>;object=<label>?module-path=<file>`. The PIN comes
from the file that AVRECORD_PKCS11_PIN_FILE names, never from the URI: key files are copied with backups.
"""

from __future__ import annotations

import os
import threading
import urllib.parse
from pathlib import Path
from typing import Any

from avrecord.errors import KeyProblem, ToolMissing
from avrecord.seal.signer import Signer

SCHEME = "pkcs11:"
PIN_FILE = "AVRECORD_PKCS11_PIN_FILE"


class TokenSigner:
    """Signs with a key that stays in its token (CKM_EDDSA, PKCS#11 v3.0)."""

    def __init__(self, key: Any, public: bytes, mechanism: Any, path: Path) -> None:
        self.public = public
        self._key, self._mechanism, self._path = key, mechanism, path
        self._lock = threading.Lock()  # a PKCS#11 session is not for two threads

    def sign(self, message: bytes) -> bytes:
        """See `Signer`. Raises KeyProblem when the token does not answer."""
        try:
            with self._lock:
                return bytes(self._key.sign(message, mechanism=self._mechanism))
        except Exception as error:
            raise KeyProblem(path=self._path, detail=f"密码设备未能签名（{type(error).__name__}）") from error


def open_key(uri: str, path: Path) -> Signer:
    """The signer that a URI names. Raises ToolMissing without the extra, KeyProblem when token or key is not there."""
    try:
        import pkcs11
    except ImportError as error:
        raise ToolMissing(what="python-pkcs11", advice="请安装 avrecord[pkcs11] 后重试。") from error
    wanted = _parsed(uri, path)
    try:
        session = _session(pkcs11.lib(wanted["module-path"]).get_token(token_label=wanted["token"]))
        private = session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=wanted["object"])
        public = session.get_key(object_class=pkcs11.ObjectClass.PUBLIC_KEY, label=wanted["object"])
        point = bytes(public[pkcs11.Attribute.EC_POINT])
    except KeyProblem:
        raise
    except Exception as error:
        raise KeyProblem(path=path, detail=f"密码设备或其中的密钥打不开（{type(error).__name__}）") from error
    # CKA_EC_POINT is a DER OCTET STRING of the 32 bytes; some modules give the bare bytes.
    if len(point) == 34 and point[:2] == b"\x04\x20":
        point = point[2:]
    if len(point) != 32:
        raise KeyProblem(path=path, detail="密码设备中的密钥不是 Ed25519")
    return TokenSigner(private, point, pkcs11.Mechanism.EDDSA, path)


def _session(found: Any) -> Any:
    """A session of this process. Login is per process and token: the second key finds the first one's."""
    import pkcs11

    try:
        return found.open(user_pin=_pin())
    except pkcs11.exceptions.UserAlreadyLoggedIn:
        return found.open()


def _parsed(uri: str, path: Path) -> dict[str, str]:
    attributes, _, query = uri.removeprefix(SCHEME).partition("?")
    found = {}
    for part in [*attributes.split(";"), *query.split("&")]:
        name, equals, value = part.partition("=")
        if not equals or name in found:
            raise KeyProblem(path=path, detail="PKCS#11 地址的写法不对")
        found[name] = urllib.parse.unquote(value)
    if set(found) != {"token", "object", "module-path"}:
        raise KeyProblem(path=path, detail="PKCS#11 地址应写 token、object、module-path")
    return found


def _pin() -> str | None:
    named = os.environ.get(PIN_FILE)
    if not named:
        return None
    try:
        return Path(named).read_text("utf-8").splitlines()[0]
    except (OSError, UnicodeDecodeError, IndexError) as error:
        raise KeyProblem(path=named, detail="密码设备的 PIN 文件读不出") from error
