"""What keeps an examination child from the network and from every file but its own. Measured, never assumed.

Four mechanisms, each of which may be missing on a machine: bubblewrap (a file system and network of its own; needs
unprivileged user namespaces), Landlock (files), seccomp (sockets and metadata), an empty network namespace (only where
neither bubblewrap nor seccomp works: a user namespace opens more of the kernel than it closes). All that work are put on.
Whether one works is found out by a real child that tries what is forbidden, once per process.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import avrecord
from avrecord.media import landlock, seccomp
from avrecord.words import ISOLATION

BUBBLEWRAP, LANDLOCK, SECCOMP, NAMESPACE = "bubblewrap", "landlock", "seccomp", "netns"
FOR_FILES = (BUBBLEWRAP, LANDLOCK)
FOR_NETWORK = (BUBBLEWRAP, SECCOMP, NAMESPACE)
ORDER = (BUBBLEWRAP, LANDLOCK, NAMESPACE, SECCOMP)  # as put on: seccomp last, for it refuses what the others need

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
SYSTEM = [Path(name) for name in ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sys/devices/system", "/etc/alternatives")]
OF_ETC = [Path("/etc", name) for name in ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "fonts", "mime.types")]
OF_PROC = [Path("/proc", name) for name in ("self", "cpuinfo", "meminfo", "stat", "version", "filesystems", "sys/vm")]
DEVICES = [Path("/dev", name) for name in ("null", "zero", "urandom", "random")]


@dataclass(frozen=True, slots=True)
class Isolation:
    """The mechanisms in force, in the order in which they are put on."""

    mechanisms: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[str, ...]:
        """What keeps the child from other files; empty: nothing does."""
        return tuple(each for each in self.mechanisms if each in FOR_FILES)

    @property
    def network(self) -> tuple[str, ...]:
        """What keeps the child from the network; empty: nothing does."""
        return tuple(each for each in self.mechanisms if each in FOR_NETWORK)

    @property
    def complete(self) -> bool:
        return bool(self.files and self.network)

    def __str__(self) -> str:
        files, network = (" + ".join(found) or ISOLATION["none"] for found in (self.files, self.network))
        return ISOLATION["in_force"].format(files=files, network=network)


def chosen(working: Iterable[str]) -> Isolation:
    """All mechanisms that work; the network namespace only where nothing better closes the network."""
    usable = set(working)
    if usable & {BUBBLEWRAP, SECCOMP}:
        usable.discard(NAMESPACE)
    return Isolation(tuple(each for each in ORDER if each in usable))


def why_not(mechanism: str) -> str | None:
    """Why there is no use in trying a mechanism here, or None."""
    missing = {
        BUBBLEWRAP: shutil.which("bwrap") is None,
        LANDLOCK: landlock.version() == 0,
        SECCOMP: not seccomp.available(),
        NAMESPACE: not sys.platform.startswith("linux"),
    }
    return ISOLATION[f"no_{mechanism}"] if missing[mechanism] else None


def wrapped(command: list[str], folder: Path, reads: Iterable[Path], isolation: Isolation) -> list[str]:
    """The command line that starts a child: in a file system of its own where bubblewrap works."""
    if BUBBLEWRAP not in isolation.mechanisms:
        return command
    words = ["bwrap", "--unshare-all", "--die-with-parent", "--proc", "/proc", "--dev", "/dev"]
    for path in (*_code(), *SYSTEM, *OF_ETC, *_with_targets(reads)):
        words += ["--ro-bind-try", str(path), str(path)]
    return [*words, "--bind", str(folder), str(folder), "--remount-ro", "/", "--chdir", str(folder), "--", *command]


def enter(folder: Path, reads: Iterable[Path], mechanisms: Iterable[str]) -> None:
    """Inside the child, before it meets a byte of a card. Raises OSError when one cannot be put on: then nothing runs."""
    for mechanism in mechanisms:
        if mechanism == LANDLOCK:
            known = (*_code(), *SYSTEM, *OF_ETC, *OF_PROC, *DEVICES)
            landlock.restrict([*known, *_with_targets(reads)], [folder, Path("/dev/null")])
        elif mechanism == SECCOMP:
            seccomp.restrict()
        elif mechanism == NAMESPACE:
            libc = ctypes.CDLL(None, use_errno=True)  # os.unshare came with Python 3.12
            if libc.unshare(CLONE_NEWUSER | CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _code() -> set[Path]:
    """Python, its packages, and ours: what a child runs. Of a checkout only the package, not the station beside it."""
    real = Path(sys.executable).resolve().parent.parent
    return {Path(sys.prefix), Path(sys.base_prefix), real, Path(avrecord.__file__).parent}


def _with_targets(reads: Iterable[Path]) -> Iterator[Path]:
    """Each path, and where the links of a model folder lead: model caches are folders of links."""
    for path in reads:
        yield path
        if path.is_dir():
            yield from (each.resolve() for each in path.iterdir() if each.is_symlink())
