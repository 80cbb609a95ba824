"""Start a command as the unit would: its system-call filter, no privileges, no writable and executable memory.

`caged.py UNIT UID COMMAND…` expands the unit's SystemCallFilter with systemd's own lists, loads it through libseccomp and
executes the command. Mounts, cgroups and the watchdog are systemd's and not here.
"""

from __future__ import annotations

import ctypes
import errno
import os
import re
import subprocess
import sys
from pathlib import Path

from avrecord.media.seccomp import ALLOW, REFUSE, _library

PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_SET_MDWE, REFUSE_EXEC_GAIN = 24, 38, 65, 1


def expanded(name: str) -> set[str]:
    """A group of systemd's, down to its calls."""
    if not name.startswith("@"):
        return {name}
    done = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True)
    words = [line.strip() for line in done.stdout.splitlines()[1:] if line.startswith("    ")]
    return {call for word in words if not word.startswith("#") for call in expanded(word)}


def allowed(unit: Path) -> set[str]:
    """What the unit's lines leave, as systemd reads them: one after another."""
    calls: set[str] = set()
    for value in re.findall(r"^SystemCallFilter=(.*)$", unit.read_text("utf-8"), flags=re.MULTILINE):
        named = {call for word in value.lstrip("~").split() for call in expanded(word)}
        calls = calls - named if value.startswith("~") else calls | named
    return calls | expanded("@default")


def main() -> None:
    unit, uid, *command = sys.argv[1:]
    calls, libc, library = allowed(Path(unit)), ctypes.CDLL(None, use_errno=True), _library()
    os.setgroups([])
    for capability in range(64):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)  # user 0 as well has none left after the next exec
    os.setresgid(int(uid), int(uid), int(uid))
    os.setresuid(int(uid), int(uid), int(uid))
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if "MemoryDenyWriteExecute=yes" in Path(unit).read_text("utf-8"):
        libc.prctl(PR_SET_MDWE, REFUSE_EXEC_GAIN, 0, 0, 0)  # since Linux 6.3; before, systemd does it by seccomp
    filter_ = library.seccomp_init(REFUSE | errno.EPERM)
    for name in calls:
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:
            library.seccomp_rule_add_array(filter_, ALLOW, number, 0, None)
    assert library.seccomp_load(filter_) == 0
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
