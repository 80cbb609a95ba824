"""A system-call filter through libseccomp (a Debian package that systemd and apt need as well).

A list of what is refused, not of what is allowed: decoders of ten versions use what they please, and a call
forgotten in a list of the allowed would look like a damaged clip. The Python binding on PyPI has had no
release since 2021; these are six functions of a library whose interface is fixed.
"""

from __future__ import annotations

import ctypes
import errno
import os

ALLOW, REFUSE = 0x7FFF0000, 0x00050000
NOT_EQUAL, MASKED_EQUAL = 1, 7
NEW_NAMESPACES = 0x7E020080  # CLONE_NEW{TIME,NS,CGROUP,UTS,IPC,USER,PID,NET}


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


NETWORK = ("socket", "socketpair", "socketcall", "io_uring_setup")  # io_uring opens sockets that no filter sees
OTHERS = _names(
    "ptrace process_vm_readv process_vm_writev pidfd_getfd kcmp "  # other processes of the same user
    "tkill pidfd_send_signal rt_sigqueueinfo rt_tgsigqueueinfo "
    "unshare setns mount umount2 pivot_root chroot move_mount open_tree fsopen fsmount mount_setattr "
    "bpf perf_event_open userfaultfd keyctl add_key request_key open_by_handle_at "
    "init_module finit_module kexec_load reboot swapon swapoff"
)
FILES = _names(  # what Landlock does not cover (truncate: before Linux 6.2), wherever the file lies
    "truncate truncate64 chmod fchmod fchmodat fchmodat2 chown lchown fchown fchownat chown32 lchown32 fchown32 "
    "setxattr lsetxattr fsetxattr removexattr lremovexattr fremovexattr utime utimes futimesat utimensat utimensat_time64"
)
TO_ITSELF = ("kill", "tgkill")  # abort() needs them; to any other process they are refused


class _Compare(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def available() -> bool:
    """Whether the library is there; whether the kernel takes a filter shows when one is loaded."""
    try:
        _library()
    except OSError:
        return False
    return True


def restrict() -> None:
    """From here on, for this process and all it starts: no sockets, no other processes, no metadata. For ever.

    Raises OSError, also when the library does not know the call that opens sockets.
    """
    library = _library()
    filter_ = library.seccomp_init(ALLOW)
    if not filter_:
        raise OSError("seccomp_init")
    try:
        for name in (*NETWORK, *OTHERS, *FILES):
            _refuse(library, filter_, name, errno.EACCES, needed=name == "socket")
        _refuse(library, filter_, "clone3", errno.ENOSYS)  # its flags lie in memory; glibc falls back to clone
        _refuse(library, filter_, "clone", errno.EACCES, *_each_namespace())
        for name in TO_ITSELF:
            _refuse(library, filter_, name, errno.EACCES, _Compare(0, NOT_EQUAL, os.getpid(), 0))
        if code := library.seccomp_load(filter_):
            raise OSError(-code, os.strerror(-code))
    finally:
        library.seccomp_release(filter_)


def _each_namespace() -> list[_Compare]:
    bits = (1 << n for n in range(32))
    return [_Compare(0, MASKED_EQUAL, bit, bit) for bit in bits if bit & NEW_NAMESPACES]


def _refuse(library: ctypes.CDLL, filter_: int, name: str, code: int, *when: _Compare, needed: bool = False) -> None:
    """Refuse a call; with `when`, one rule for each condition. A call that this architecture does not have is none."""
    number = library.seccomp_syscall_resolve_name(name.encode())
    if number < 0:
        if needed:
            raise OSError(f"unknown call {name}")
        return
    for conditions in [[each] for each in when] or [[]]:
        array = (_Compare * len(conditions))(*conditions)
        if result := library.seccomp_rule_add_array(filter_, REFUSE | code, number, len(conditions), array):
            raise OSError(-result, f"{name}: {os.strerror(-result)}")


def _library() -> ctypes.CDLL:
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_init.argtypes = [ctypes.c_uint32]
    library.seccomp_load.argtypes = library.seccomp_release.argtypes = [ctypes.c_void_p]
    library.seccomp_syscall_resolve_name.argtypes = [ctypes.c_char_p]
    library.seccomp_rule_add_array.argtypes = [
        ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.POINTER(_Compare),
    ]  # fmt: skip
    return library
