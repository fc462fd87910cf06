"""The copy of a student's data (GDPR 15, 20): built at the release, kept sealed for a fortnight, read in the portal.

One document is stored, whole. At each download the values that the reader's level of identity does not show are left
out, and the page for people is made from what remains: so a step up shows more without building anew, and the two
forms never differ. Nothing of it is ever mailed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta

from flask import current_app
from sqlalchemy import delete, select
from uuid_utils.compat import uuid7

from config import Settings
from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.events import EventKind
from portal.domain.permissions import Actor
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Level, RequestKind, StepState
from portal.letters.export import export_page, readable_at
from portal.records import casebook, files
from portal.records.tables.cases import Case, CaseFile
from portal.records.tables.papers import Package
from portal.records.tables.people import SealedFile, View
from portal.services import assurance_of
from portal.services.address_change import demand_settled
from portal.services.casework import NotFound, event
from portal.services.export_document import export_document
from portal.services.held_case import held_case
from portal.services.identity import demand_level
from portal.services.steps import RELEASE
from portal.services.unit import Work, writing
from portal.vault.envelope import Json

CLASS, PURPOSE = "export", "export"
STORED = "export_json"  # kind of the one file that is stored
DAYS = 14  # where the policy names no term
SCHEMA = "/static/export-schema.json"
JSON, HTML, ZIP = "json", "html", "zip"
ZIP_TYPE = "application/zip"
MEDIA = {JSON: "application/json", HTML: "text/html; charset=utf-8", ZIP: ZIP_TYPE}
# Kinds of the files that hold a package, and the level that each is for.
VARIANTS = {"package_2": Level.KNOWLEDGE, "package_3": Level.SECOND_CHANNEL}


@dataclass(frozen=True, slots=True)
class Download:
    content: bytes
    media_type: str
    name: str  # of the file; the reference and nothing of the person


def build_export(work: Work, case: Case) -> Json:
    """Builds the copy, keeps it sealed under the case's key and has the worker pack it; an earlier one goes. Returns
    the document.

    Raises Refused("address_change_pending", until).
    """
    demand_settled(work, case.student_id)
    settings: Settings = current_app.config["SETTINGS"]
    document = export_document(work, case, settings.base_url.rstrip("/") + SCHEMA)
    content = json.dumps(document, ensure_ascii=False, sort_keys=True).encode()
    holder = casebook.holder(case.id)
    earlier = [file.id for file in files.of_holder(work.session, holder, CLASS) if file.purpose == PURPOSE]
    work.session.execute(delete(CaseFile).where(CaseFile.case_id == case.id, CaseFile.kind == STORED))
    files.remove(work.session, holder, earlier)
    term = work.policy.retention.get(CLASS)
    expires_at = work.now + timedelta(days=term.days if term and term.days else DAYS)
    file = files.store(work.session, work.vault, holder, CLASS, PURPOSE, MEDIA[JSON], content, work.now, expires_at)
    work.session.add(CaseFile(id=uuid7(), case_id=case.id, file_id=file.id, kind=STORED, created_at=work.now))
    work.session.flush()
    _ask_package(work, case)
    work.note("build_export", "case", case.id, size=len(content))
    return document


def _ask_package(work: Work, case: Case) -> None:
    package = work.session.execute(select(Package).where(Package.case_id == case.id)).scalar_one_or_none()
    if package is None:
        package = Package(id=uuid7(), case_id=case.id)
        work.session.add(package)
    package.state, package.done, package.parts, package.attempts = "waiting", 0, 0, 0
    package.asked_at, package.claimed_until = work.now, None


def download(actor: Actor, clock: Clock, reference: str, kind: str) -> Download:
    """The copy as "json" or "html", for the student in person, or for staff who hand it over on paper or at the desk;
    or the whole package as "zip", for the student.

    Writes who read it, so it is no page for GET. Raises NotFound, NotAllowed (to a student also "level", needs), and
    Refused: bad_kind, not_released, export_expired, package_not_ready, address_change_pending (until), and to staff
    identity_needed (level).
    """
    if kind not in MEDIA or (kind == ZIP and actor.is_staff):
        raise Refused("bad_kind", kind=kind)
    with writing(actor, clock) as work:
        case = held_case(work, reference, Act.RELEASE_ANSWER if actor.is_staff else Act.RECEIVE_ANSWER)
        level = _level(work, case)
        demand_settled(work, case.student_id)
        document = _stored(work, case)
        if kind == ZIP:
            content = _package(work, case, level)
            _log(work, case, kind)
            return Download(content, MEDIA[kind], f"{case.reference}.{kind}")
        shown = readable_at(document, level, by_staff=actor.is_staff)
        if kind == JSON:
            content = json.dumps(shown, ensure_ascii=False, indent=2, sort_keys=True).encode()
        else:
            content = export_page(shown, case.language, work.policy).encode()
        _log(work, case, kind)
        return Download(content, MEDIA[kind], f"{case.reference}.{kind}")


def renew(actor: Actor, clock: Clock, reference: str) -> None:
    """Builds the copy anew after it expired, with what is kept now.

    Raises NotFound, NotAllowed (to a student also "level", needs), and Refused: not_released, and to staff
    identity_needed (level).
    """
    with writing(actor, clock) as work:
        case = held_case(work, reference, Act.RELEASE_ANSWER if actor.is_staff else Act.RECEIVE_ANSWER)
        _level(work, case)
        if not _released(work, case):
            raise Refused("not_released")
        build_export(work, case)
        event(work, case, EventKind.PACKAGE_BUILT)


def _level(work: Work, case: Case) -> Level:
    """The reader's level: of a student's session, now; of a case whose copy staff hand over, as it was confirmed."""
    actor = work.actor
    if actor.is_staff:
        demand_level(work, case)
        return Level(case.assured_level)
    return assurance_of.demand_level(work, Act.RECEIVE_ANSWER)


def _released(work: Work, case: Case) -> bool:
    steps = casebook.steps_of(work.session, case.id)
    return any(step.task == RELEASE and step.state == StepState.DONE for step in steps)


def _stored(work: Work, case: Case) -> Json:
    if case.student_id is None or case.kind not in (RequestKind.ACCESS, RequestKind.PORTABILITY):
        raise NotFound(case.reference)
    if not _released(work, case):
        raise Refused("not_released")
    file = work.session.execute(
        select(SealedFile)
        .join(CaseFile, CaseFile.file_id == SealedFile.id)
        .where(CaseFile.case_id == case.id, CaseFile.kind == STORED)
    ).scalar_one_or_none()
    if file is None or (file.expires_at is not None and file.expires_at <= work.now):
        raise Refused("export_expired")
    return json.loads(files.content(work.vault, file))


def _package(work: Work, case: Case, level: Level) -> bytes:
    """The largest variant that this level may read."""
    package = work.session.execute(select(Package).where(Package.case_id == case.id)).scalar_one_or_none()
    if package is None or package.state != "ready":
        raise Refused("package_not_ready")
    rows = work.session.execute(
        select(CaseFile.kind, SealedFile)
        .join(SealedFile, SealedFile.id == CaseFile.file_id)
        .where(CaseFile.case_id == case.id, CaseFile.kind.in_(list(VARIANTS)))
    )
    found = {kind: file for kind, file in rows if VARIANTS[kind] <= level}
    if not found:
        raise Refused("export_expired")
    return files.content(work.vault, found[max(found)])


def _log(work: Work, case: Case, kind: str) -> None:
    if not work.actor.is_staff:
        event(work, case, EventKind.ANSWER_READ)
        work.note("receive_answer", "case", case.id, kind=kind)
        return
    assert case.student_id is not None
    role = next(iter(sorted(role.value for role in work.actor.roles)), "")
    work.session.add(
        View(
            id=uuid7(),
            student_id=case.student_id,
            at=work.now,
            staff_id=work.actor.id,
            role=role,
            reason="case",
            case_id=case.id,
            what="export",
        )
    )
    work.note("hand_over_answer", "case", case.id, kind=kind)
