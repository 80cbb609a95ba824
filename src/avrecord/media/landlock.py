"""Landlock: which files this process may open from here on. Three system calls, no package, no privilege.

The kernel numbers its abilities: 1 (5.13) files and folders, 2 renames between folders, 3 (6.2) truncation by path,
4 (6.7) TCP, 5 device ioctls, 6 (6.12) signals and abstract sockets to outside. Debian 12 has 2. What Landlock never
covers (mode, owner, times and attributes of files; sockets other than TCP) is for seccomp.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable
from pathlib import Path

CREATE, ADD_RULE, RESTRICT = 444, 445, 446  # the same numbers on every architecture
ASK_VERSION, RULE_PATH_BENEATH = 1, 1
PR_SET_NO_NEW_PRIVS = 38

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
FIRST_FILES = (1 << 13) - 1  # what version 1 knows: the four above, removing and making of every kind
REFER, TRUNCATE, IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
OF_A_FILE = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV  # a rule on a plain file may name no other right
BIND_AND_CONNECT_TCP = 0b11
ABSTRACT_SOCKETS_AND_SIGNALS = 0b11

_libc = ctypes.CDLL(None, use_errno=True)


class _Ruleset(ctypes.Structure):
    _fields_ = [("files", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64)]


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32)]


def version() -> int:
    """What this kernel offers; 0 where it has no Landlock or it is switched off."""
    return max(0, int(_libc.syscall(CREATE, None, 0, ASK_VERSION)))


def restrict(reads: Iterable[Path], writes: Iterable[Path]) -> None:
    """From here on, for this process and all it starts: `reads` may be read and run, `writes` changed as well.

    Nothing else can be opened, and where the kernel can, no TCP and no signals to outside. For ever. Paths that do not
    exist are left out. Raises OSError.
    """
    abi = version()
    if abi == 0:
        raise OSError("Landlock is not available")
    handled = FIRST_FILES | (REFER if abi >= 2 else 0) | (TRUNCATE if abi >= 3 else 0) | (IOCTL_DEV if abi >= 5 else 0)
    ruleset = _Ruleset(handled, BIND_AND_CONNECT_TCP if abi >= 4 else 0, ABSTRACT_SOCKETS_AND_SIGNALS if abi >= 6 else 0)
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8  # an older kernel refuses fields that it does not know
    fd = _checked(_libc.syscall(CREATE, ctypes.byref(ruleset), size, 0))
    try:
        for paths, rights in ((reads, READ_FILE | READ_DIR | EXECUTE), (writes, handled & ~EXECUTE & ~IOCTL_DEV)):
            for path in paths:
                _allow(fd, path, rights)
        _checked(_libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        _checked(_libc.syscall(RESTRICT, fd, 0))
    finally:
        os.close(fd)


def _allow(ruleset: int, path: Path, rights: int) -> None:
    try:
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not path.is_dir():
            rights &= OF_A_FILE
        _checked(_libc.syscall(ADD_RULE, ruleset, RULE_PATH_BENEATH, ctypes.byref(_Beneath(rights, parent)), 0))
    finally:
        os.close(parent)


def _checked(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
