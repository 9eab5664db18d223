"""The system calls that decoding needs, as a filter of seccomp (Linux, Documentation/userspace-api/
seccomp_filter.rst). Everything else is answered EPERM: no file can be opened, no socket made, no
process started, no other process looked at or sent a signal.

Numbers: asm/unistd_64.h and, for aarch64, asm-generic/unistd.h.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Machine:
    """AUDIT_ARCH, and the numbers of system calls. `clone` may start threads only, and `fcntl`
    look at descriptors and copy them."""

    audit_arch: int
    seccomp: int
    clone: int
    fcntl: int
    allowed: tuple[int, ...]


# read write close fstat poll lseek mmap mprotect munmap brk rt_sigaction rt_sigprocmask
# rt_sigreturn sched_yield mremap mincore madvise dup dup2 nanosleep getpid exit uname
# getrusage sysinfo sigaltstack gettid time futex sched_getaffinity restart_syscall clock_gettime
# clock_getres clock_nanosleep exit_group ppoll set_robust_list dup3 pipe2 getcpu getrandom
# membarrier rseq
_X86_64: Final = Machine(0xC000003E, 317, 56, 72, (
    0, 1, 3, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 27, 28, 32, 33, 35, 39, 60, 63, 98,
    99, 131, 186, 201, 202, 204, 219, 228, 229, 230, 231, 271, 273, 292, 293, 309, 318, 324, 334,
))  # fmt: skip
# dup dup3 close pipe2 lseek read write ppoll fstat exit exit_group futex set_robust_list
# nanosleep clock_gettime clock_getres clock_nanosleep sched_getaffinity sched_yield
# restart_syscall sigaltstack rt_sigaction rt_sigprocmask rt_sigreturn uname getrusage getcpu
# getpid gettid sysinfo brk munmap mremap mmap mprotect mincore madvise getrandom membarrier rseq
_AARCH64: Final = Machine(0xC00000B7, 277, 220, 25, (
    23, 24, 57, 59, 62, 63, 64, 73, 80, 93, 94, 98, 99, 101, 113, 114, 115, 123, 124, 128, 132,
    134, 135, 139, 160, 165, 168, 172, 178, 179, 214, 215, 216, 222, 226, 232, 233, 278, 283, 293,
))  # fmt: skip
_MACHINES: Final = {"x86_64": _X86_64, "aarch64": _AARCH64}
_CLONE3: Final = 435  # on both

_PR_SET_NO_NEW_PRIVS: Final = 38
_SET_MODE_FILTER: Final = 1
_ALL_THREADS: Final = 1
_ALLOW: Final = 0x7FFF0000
_ERRNO: Final = 0x00050000
_CLONE_THREAD: Final = 0x00010000
# Not F_SETOWN and F_SETSIG: a pipe can be told to send any signal, SIGKILL too, to any process of
# the same user, and the kernel then sends it without a call of `kill`.
_DESCRIPTOR_ONLY: Final = (
    0,  # F_DUPFD
    1,  # F_GETFD
    2,  # F_SETFD
    3,  # F_GETFL
    4,  # F_SETFL
    1030,  # F_DUPFD_CLOEXEC
    1034,  # F_GET_SEALS
)
# Classic BPF: load a word of struct seccomp_data, jump if equal, jump if a bit is set, return.
_LOAD, _IF_EQUAL, _IF_SET, _RETURN = 0x20, 0x15, 0x45, 0x06
_NUMBER_AT, _ARCH_AT, _FIRST_ARGUMENT_AT, _SECOND_ARGUMENT_AT = 0, 4, 16, 24


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


def forbid_all_but_decoding() -> bool:
    """For all threads of this process, and for good. False where the system has no such filter."""
    machine = _MACHINES.get(platform.machine())
    if machine is None:
        return False
    code = _filter(machine)
    program = _Program(len(code) // 8, code)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    refused: int = libc.syscall(
        machine.seccomp, _SET_MODE_FILTER, _ALL_THREADS, ctypes.byref(program)
    )
    return refused == 0


def _filter(machine: Machine) -> bytes:
    refuse = _instruction(_RETURN, _ERRNO | errno.EPERM)
    allow = _instruction(_RETURN, _ALLOW)
    parts = [
        _instruction(_LOAD, _ARCH_AT),
        _instruction(_IF_EQUAL, machine.audit_arch, yes=1),
        refuse,
        _instruction(_LOAD, _NUMBER_AT),
    ]
    for number in machine.allowed:
        parts += [_instruction(_IF_EQUAL, number, no=1), allow]
    commands = [_instruction(_LOAD, _SECOND_ARGUMENT_AT)]
    for command in _DESCRIPTOR_ONLY:
        commands += [_instruction(_IF_EQUAL, command, no=1), allow]
    commands.append(refuse)
    parts += [_instruction(_IF_EQUAL, machine.fcntl, no=len(commands)), *commands]
    parts += [
        # Its flags lie in memory, where a filter cannot look: the C library then takes `clone`.
        _instruction(_IF_EQUAL, _CLONE3, no=1),
        _instruction(_RETURN, _ERRNO | errno.ENOSYS),
        _instruction(_IF_EQUAL, machine.clone, yes=1),
        refuse,
        _instruction(_LOAD, _FIRST_ARGUMENT_AT),
        _instruction(_IF_SET, _CLONE_THREAD, yes=1),
        refuse,
        allow,
    ]
    return b"".join(parts)


def _instruction(code: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("=HBBI", code, yes, no, value)
