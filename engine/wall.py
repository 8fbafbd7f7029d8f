"""The wall around a task's code: what an evaluator has, and what the kernel still does for it. A task computes a score; it needs no more.

The kernel's filter (seccomp) is what holds. The uid is the worker's: without the filter, code could ask the address that gives the task
role's credentials, write into the memory of another process of the container, or end it. A container has no right to another uid or to a
network namespace of its own, and Fargate's kernel (5.10) has no Landlock.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import platform
import resource
import signal
import struct
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from engine import EngineError

KEPT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "PYTHONDONTWRITEBYTECODE")
"""All that an evaluator gets of its worker's environment: no name of a credential's address, a token or a table."""

GIVEN = {"PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""Sets have the same order in every process; libraries take one thread, for there is an evaluator for each CPU. What numpy's are told is in
engine/__init__.py."""

MEMORY_BYTES = 1024**3
"""Address space of one evaluator, at least. CartPole's takes 215 MB, with 38 MB of memory."""

MEMORY_SHARE = 0.75
"""Of the container's memory, for all evaluators; the rest is the worker's, which takes 130 MB for an island of 2,500 of the largest."""

OPEN_FILES = 256
"""A CartPole evaluator has 5 open; imports open one at a time."""

THREADS = 4096
"""Of the user, in all its processes: Linux counts no other way. An engine's container has some 30; a desktop's session 1,000 to 2,000."""

CPU_SECONDS = 24 * 3600
"""Of one evaluator, on all its threads. It is replaced after an hour (engine/evaluators.py), so only who spins in threads gets there."""

NICENESS = 5
"""Heartbeats and /health go first."""

CGROUP_MEMORY = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
"""The container's memory, in bytes; the second where cgroups are of version 1, as on Fargate."""

libc = ctypes.CDLL(None, use_errno=True)

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 4, 22, 38
"""Source: linux/prctl.h."""


class WallError(EngineError):
    """This machine can't wall a task off. Its code isn't run then."""


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """An evaluator's environment, out of its worker's. It finds the same modules."""
    return {name: given[name] for name in KEPT if name in given} | GIVEN | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def hide() -> None:
    """Keep this process's memory, environment and open files from others of the same user: in /proc they are root's then."""
    _prctl(PR_SET_DUMPABLE, 0)


def offer_to_the_oom_killer() -> None:
    """Where the container's memory is short, evaluators go, and not the worker. Not after `hide`: the file is root's then."""
    with contextlib.suppress(OSError):  # a sandbox may have no such file
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def memory_share(evaluators: int) -> int:
    """Bytes of address space for each of so many evaluators."""
    there = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for path in map(Path, CGROUP_MEMORY):
        if path.is_file() and (text := path.read_text(encoding="ascii").strip()).isdigit():
            there = min(there, int(text))
    return max(MEMORY_BYTES, int(there * MEMORY_SHARE) // evaluators)


def enter(parent: int, memory: int) -> None:
    """Go behind the wall, for good: with limits, in a session of its own, ending with its parent, and with the filter.

    Raises:
        WallError: the kernel refuses.
    """
    os.setsid()
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)
    os.nice(NICENESS)
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_NPROC, THREADS),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),  # also memory that is a file
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(what)
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (least, least))
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    _filter(program(os.getpid()))


# The filter.

THREAD = 0x10000  # CLONE_THREAD
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
OWNERS = (8, 15)
"""fcntl's F_SETOWN and F_SETOWN_EX: whom the kernel sends a signal for a file."""

Numbers = tuple[int | None, int | None]
"""Of a call, on x86-64 and on arm64."""

MACHINES: Mapping[str, tuple[int, int]] = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
"""Which of a call's two numbers is a machine's, and the machine's own. Source: linux/audit.h."""


def _numbers(*calls: str) -> Mapping[str, Numbers]:
    """Calls by name, of "name number-on-x86-64 number-on-arm64, …"; `-` where a machine has no such call."""
    split = [one.split() for line in calls for one in line.split(", ")]
    return {name: (None if x86 == "-" else int(x86), None if arm == "-" else int(arm)) for name, x86, arm in split}


REFUSED = _numbers(
    # The network, and everything that is one: the credentials' address, the metadata, other containers.
    "socket 41 198, socketpair 53 199, io_uring_setup 425 425",
    # Processes; a thread is allowed (`conditions`).
    "fork 57 -, vfork 58 -, execve 59 221, execveat 322 281, unshare 272 97, setns 308 268",
    # Other processes of the user: their memory, their files, their ends, their limits and their turn.
    "ptrace 101 117, process_vm_readv 310 270, process_vm_writev 311 271, process_madvise 440 440",
    "pidfd_open 434 434, pidfd_getfd 438 438, pidfd_send_signal 424 424, tkill 200 130",
    "setpriority 141 140, ioprio_set 251 30, migrate_pages 256 238, move_pages 279 239",
    # Files: none is made, written, renamed or removed. A process's memory is a file, too (/proc/1/mem).
    "creat 85 -, truncate 76 45, mkdir 83 -, mkdirat 258 34, mknod 133 -, mknodat 259 33",
    "rmdir 84 -, unlink 87 -, unlinkat 263 35, link 86 -, linkat 265 37",
    "rename 82 -, renameat 264 38, renameat2 316 276, symlink 88 -, symlinkat 266 36",
    "chmod 90 -, fchmod 91 52, fchmodat 268 53, fchmodat2 452 452, chown 92 -, lchown 94 -",
    "fchown 93 55, fchownat 260 54, utime 132 -, utimes 235 -, futimesat 261 -",
    "utimensat 280 88, setxattr 188 5, lsetxattr 189 6, fsetxattr 190 7",
    # Memory that outlives a process, or that no limit counts.
    "shmget 29 194, msgget 68 186, semget 64 190, mq_open 240 180, add_key 248 217",
    # What only widens the way into the kernel.
    "bpf 321 280, perf_event_open 298 241, userfaultfd 323 282, keyctl 250 219, request_key 249 218",
)
"""Calls that fail with EPERM. Source: linux/unistd.h of both machines; a test holds them to the headers that are there."""

UNKNOWN = _numbers("clone3 435 435, openat2 437 437")
"""Calls that the kernel says not to have: their arguments can't be looked at, and libraries take the older one then."""


class ArgumentTest(NamedTuple):
    """A call that is allowed by one of its arguments.

    Attributes:
        argument: which one.
        test: how its lower half is compared with each of `values`.
        allowed: whether the call is allowed where the comparison holds, or where none does.
    """

    numbers: Numbers
    argument: int
    test: int
    values: tuple[int, ...]
    allowed: bool


LOAD, EQUAL, ATLEAST, ANYBIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
"""Instructions of the filter. Source: linux/bpf_common.h."""

ALLOW, KILL, ERROR = 0x7FFF0000, 0x80000000, 0x00050000
"""What becomes of a call. Source: linux/seccomp.h."""

REFUSE, LACK = ERROR | errno.EPERM, ERROR | errno.ENOSYS
X32 = 0x40000000
"""Numbers from here on are x86's third set of calls, which nobody needs."""


def conditions(own: int) -> Mapping[str, ArgumentTest]:
    """Calls that are allowed by an argument, to the process `own`."""
    itself = (0, own)
    return {
        "clone": ArgumentTest((56, 220), 0, ANYBIT, (THREAD,), True),
        "open": ArgumentTest((2, None), 1, ANYBIT, (WRITES,), False),
        "openat": ArgumentTest((257, 56), 2, ANYBIT, (WRITES,), False),
        "kill": ArgumentTest((62, 129), 0, EQUAL, itself, True),
        "tgkill": ArgumentTest((234, 131), 0, EQUAL, itself, True),
        "rt_sigqueueinfo": ArgumentTest((129, 138), 0, EQUAL, itself, True),
        "rt_tgsigqueueinfo": ArgumentTest((297, 240), 0, EQUAL, itself, True),
        "prlimit64": ArgumentTest((302, 261), 0, EQUAL, itself, True),
        "sched_setparam": ArgumentTest((142, 118), 0, EQUAL, itself, True),
        "sched_setscheduler": ArgumentTest((144, 119), 0, EQUAL, itself, True),
        "sched_setaffinity": ArgumentTest((203, 122), 0, EQUAL, itself, True),
        "sched_setattr": ArgumentTest((314, 274), 0, EQUAL, itself, True),
        "fcntl": ArgumentTest((72, 25), 1, EQUAL, OWNERS, False),
        "prctl": ArgumentTest((157, 167), 0, EQUAL, (PR_SET_PDEATHSIG,), False),
    }


def program(own: int) -> bytes:
    """The filter's instructions, for the process `own` on this machine.

    Raises:
        WallError: it is a machine whose calls nobody has listed.
    """
    if (machine := platform.machine()) not in MACHINES:
        raise WallError(f"tasks can't be walled off on {machine}: {' or '.join(MACHINES)} it must be")
    column, audit = MACHINES[machine]
    made = [_do(LOAD, 4), _do(EQUAL, audit, 1, 0), _do(RETURN, KILL), _do(LOAD, 0), _do(ATLEAST, X32, 0, 1), _do(RETURN, REFUSE)]
    for calls, answer in ((REFUSED, REFUSE), (UNKNOWN, LACK)):
        for numbers in calls.values():
            if (number := numbers[column]) is not None:
                made += [_do(EQUAL, number, 0, 1), _do(RETURN, answer)]
    for one in conditions(own).values():
        if (number := one.numbers[column]) is not None:
            made += _conditional(one, number)
    return b"".join([*made, _do(RETURN, ALLOW)])


def _conditional(one: ArgumentTest, number: int) -> Sequence[bytes]:
    held, otherwise = (ALLOW, REFUSE) if one.allowed else (REFUSE, ALLOW)
    count = len(one.values)
    tests = [_do(one.test, value, count - place, 0) for place, value in enumerate(one.values)]  # one that holds goes to the last
    inner = [_do(LOAD, 16 + 8 * one.argument), *tests, _do(RETURN, otherwise), _do(RETURN, held)]
    return [_do(EQUAL, number, 0, len(inner)), *inner]


def _do(code: int, operand: int, then: int = 0, otherwise: int = 0) -> bytes:
    """One instruction; what it skips where its comparison holds, and where it doesn't."""
    return struct.pack("=HBBI", code, then, otherwise, operand)


def _filter(instructions: bytes) -> None:
    content = ctypes.create_string_buffer(instructions, len(instructions))
    pointer = struct.pack("@HP", len(instructions) // 8, ctypes.addressof(content))
    _prctl(PR_SET_SECCOMP, 2, pointer)


def _prctl(option: int, value: int, pointer: bytes | None = None) -> None:
    if libc.prctl(ctypes.c_int(option), ctypes.c_ulong(value), ctypes.c_char_p(pointer), ctypes.c_ulong(0), ctypes.c_ulong(0)):
        raise WallError(f"the kernel refuses a part of the wall around the task: {os.strerror(ctypes.get_errno())} (prctl {option})")
