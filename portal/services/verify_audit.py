"""Verify the audit log, and write an export of it for the stand-alone verifier (security.md, "The audit log")."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from portal.audit import checkpoints, log
from portal.audit.verifier import Fault, Report, Unreadable, read_heads, verify
from portal.domain.clock import Clock
from portal.domain.permissions import SYSTEM
from portal.services.unit import reading

__all__ = ["Details", "Unreadable", "export_audit", "verify_audit", "verify_details"]


@dataclass(frozen=True, slots=True)
class Details:
    """How many details open and fit, how many are gone with their subject's key, and the entries they do not fit."""

    opened: int
    gone: int
    wrong: tuple[int, ...]


def verify_audit(clock: Clock, outside: Sequence[Path] = (), trusted: Sequence[str] = ()) -> Report:
    """Chain, checkpoints and the heads in the files kept outside. Raises Unreadable for a file that holds none."""
    heads = [head for path in outside for head in read_heads(path)]
    with reading(SYSTEM, clock) as work:
        signed = [each.as_dict() for each in checkpoints.every(work.session)]
        report = verify(log.lines(work.session), signed, heads, trusted)
        own = {public.hex() for public in checkpoints.signers(work.session)}
        report.faults += [
            Fault("a checkpoint is signed by a key that is not this installation's")
            for signer in report.signers
            if signer not in own
        ]
    return report


def verify_details(clock: Clock) -> Details:
    """Opens every detail that still opens and compares it with its entry's commitment."""
    with reading(SYSTEM, clock) as work:
        opened, gone, wrong = log.misfit_details(work.session, work.vault)
    return Details(opened, gone, tuple(wrong))


def export_audit(clock: Clock, out: IO[str]) -> tuple[int, int]:
    """Writes the log, without its details, a JSON object a line; how many entries and checkpoints."""
    with reading(SYSTEM, clock) as work:
        signed = [each.as_dict() for each in checkpoints.every(work.session)]
        out.write(f"{json.dumps({'kind': 'log', 'exported_at': work.now.isoformat()})}\n")
        for checkpoint in signed:
            out.write(f"{json.dumps({'kind': 'checkpoint', **checkpoint})}\n")
        entries = 0
        for line in log.lines(work.session):
            out.write(f"{json.dumps({'kind': 'entry', **line})}\n")
            entries += 1
    return entries, len(signed)
