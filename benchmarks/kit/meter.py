"""Processor time and memory of processes, from /proc: what a request costs does not depend on who else is busy."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

PROC = Path("/proc")


def tree(pid: int) -> list[int]:
    """The process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            try:
                after_name = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            children.setdefault(int(after_name[1]), []).append(int(entry.name))
    found, waiting = [], [pid]
    while waiting:
        each = waiting.pop()
        found.append(each)
        waiting += children.get(each, [])
    return found


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time of the processes' living threads, to the nanosecond (schedstat)."""
    nanoseconds = 0
    for pid in pids:
        try:
            threads = list((PROC / str(pid) / "task").iterdir())
        except OSError:
            continue
        for thread in threads:
            try:
                nanoseconds += int((thread / "schedstat").read_text().split()[0])
            except OSError:
                continue
    return nanoseconds / 1e9


def pss_mib(pid: int) -> float:
    """Memory of a process tree, pages that are shared counted once among those who share them."""
    kibibytes = 0
    for each in tree(pid):
        try:
            lines = (PROC / str(each) / "smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        kibibytes += next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
    return kibibytes / 1024


def own_cpu(do: Callable[[], object]) -> float:
    """Processor seconds for one call, of this process and of those that it started and that still run or were waited
    for: letters are printed in one."""
    others, began = _of_others(), time.process_time()
    do()
    own = time.process_time() - began  # before looking for others, which takes longer than many a call
    return own + _of_others() - others


def _of_others() -> float:
    ended = os.times()
    return ended.children_user + ended.children_system + cpu_seconds(tree(os.getpid())[1:])


def nice() -> None:
    """Steps back behind whatever else the machine does."""
    os.nice(max(0, 10 - os.nice(0)))
