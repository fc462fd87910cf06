"""The map of all data: for every table what it holds, about whom, how it gets into a copy, and how it is erased.

Nothing personal may lie outside this map (regulation, art. 2). A new table without a line here fails
tests/rules/test_data_map.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from sqlalchemy import MetaData

from portal.records.table_rule import About, Erasure, Export, TableRule

_RULES: dict[str, TableRule] = {
    # people
    "branch": TableRule("The school's branches.", About.NOBODY, Export.NOT_THEIRS, Erasure.NONE),
    "student": TableRule(
        "That somebody is or was a student: branch, language, end of the last programme.",
        About.STUDENT,
        Export.DERIVED,
        Erasure.EMPTIES,
        ("standard",),
        clear="language and branch: mail and access need them before any key is opened",
    ),
    "record": TableRule(
        "All that the school keeps about a student, as typed fields.",
        About.STUDENT,
        Export.GROUPS,
        Erasure.KEY,
        ("standard", "exemption"),
        ("sealed",),
        clear="how many values a row holds, for an erasure that does not open them",
    ),
    "sealed_file": TableRule(
        "Pictures of lessons, copies of data, letters, uploads.",
        About.STUDENT,
        Export.GROUPS,
        Erasure.KEY,
        ("standard", "case", "export", "upload"),
        ("sealed",),
    ),
    "processing_limit": TableRule(
        "Which values or activities are restricted, suspended or stopped.",
        About.STUDENT,
        Export.WITHIN,
        Erasure.EMPTIES,
        ("standard",),
        clear="names of fields and activities, never a value",
    ),
    "view": TableRule(
        "Which member of staff saw what of a student, when and why.",
        About.STUDENT,
        Export.OWN,
        Erasure.TERM,
        ("view",),
        clear="role, reason and field name, never a value",
    ),
    "email_change": TableRule(
        "Changes of the mail address on file: the old one, the new one, how it came about.",
        About.STUDENT,
        Export.OWN,
        Erasure.KEY,
        ("standard",),
        ("sealed",),
        clear="moments and how we were sure who asked",
    ),
    "representative": TableRule(
        "Who may act for a student, for what and until when.",
        About.STUDENT,
        Export.OWN,
        Erasure.KEY,
        ("standard",),
        ("sealed",),
        clear="relation, kinds of request and dates: who signs in is judged by them; a keyed hash of the address",
    ),
    "tombstone": TableRule(
        "Keyed hashes of what was erased, so that an import does not bring it back.",
        About.NOBODY,
        Export.NOT_THEIRS,
        Erasure.PROOF,
        clear="the random ids that a student's natural keys were made with",
    ),
    "import_run": TableRule("When an export was imported, with counts.", About.NOBODY, Export.NOT_THEIRS, Erasure.NONE),
    "import_finding": TableRule(
        "Rows of an import that wait for somebody.",
        About.STUDENT,
        Export.DERIVED,
        Erasure.ROW,
        ("standard",),
        ("sealed",),
        clear="file name, line and field name",
    ),
    "campaign": TableRule(
        "Questions for a consent: what was asked, until when; of whom stands in `campaign_student`.",
        About.NOBODY,
        Export.NOT_THEIRS,
        Erasure.NONE,
    ),
    "campaign_student": TableRule(
        "Who was asked for a consent, how they heard of it, and what they answered.",
        About.STUDENT,
        Export.OWN,
        Erasure.ROW,
        ("standard",),
        clear="yes or no, days and how: it is counted, and it decides what may run",
    ),
    "intake": TableRule(
        "Exports that the office uploaded: how far they are, and for 72 hours names of files and a masked report.",
        About.STUDENT,
        Export.DERIVED,
        Erasure.TERM,
        ("upload",),
        ("files_sealed", "sealed"),
        clear="sizes, states, counts and moments",
    ),
    # cases
    "case": TableRule(
        "A request: dates, states, and sealed the contact, the asker's words and the answer.",
        About.CASE,
        Export.OWN,
        Erasure.KEY,
        ("case",),
        ("sealed",),
        clear="kind, dates, outcome and language: queues sort and filter by them",
    ),
    "case_item": TableRule(
        "What is asked and decided.",
        About.CASE,
        Export.WITHIN,
        Erasure.KEY,
        ("case",),
        ("sealed",),
        clear="names of fields and grounds, never a value",
    ),
    "case_step": TableRule(
        "Steps at the portal, holders and recipients, and what was found.",
        About.CASE,
        Export.WITHIN,
        Erasure.KEY,
        ("case",),
        ("sealed",),
        clear="codes of holders and recipients",
    ),
    "case_event": TableRule(
        "The timeline of a case.", About.CASE, Export.OWN, Erasure.KEY, ("case",), ("sealed",), clear="kind and moment"
    ),
    "case_message": TableRule(
        "Messages between asker and school.", About.CASE, Export.OWN, Erasure.KEY, ("case",), ("sealed",)
    ),
    "case_file": TableRule("Which sealed files belong to a case.", About.CASE, Export.WITHIN, Erasure.ROW, ("case",)),
    "letter": TableRule(
        "Letters as they were issued, and the hash of each.",
        About.CASE,
        Export.WITHIN,
        Erasure.KEY,
        ("case", "standard"),
        ("sealed",),
        clear="kind, language and moment; the code of a recipient who was told",
    ),
    "package": TableRule("How far the building of a copy is.", About.CASE, Export.DERIVED, Erasure.ROW, ("case",)),
    "reviewed_image": TableRule(
        "What was decided on pictures that may show others, and where they are covered.",
        About.CASE,
        Export.WITHIN,
        Erasure.KEY,
        ("case",),
        ("sealed",),
    ),
    "draft": TableRule(
        "A request that is being typed, under the installation's key.",
        About.CASE,
        Export.DERIVED,
        Erasure.TERM,
        ("draft",),
        ("sealed",),
    ),
    # access
    "staff": TableRule(
        "Accounts of staff.",
        About.STAFF,
        Export.NOT_THEIRS,
        Erasure.NONE,
        sealed=("totp_sealed",),
        clear="name, address and user name of staff, for as long as they are accountable",
    ),
    "absence": TableRule("Who of staff is away, and who stands in.", About.STAFF, Export.NOT_THEIRS, Erasure.NONE),
    "designation": TableRule("Who of staff may do what, where and when.", About.STAFF, Export.NOT_THEIRS, Erasure.NONE),
    "calendar_feed": TableRule(
        "That somebody of staff has a calendar of due dates; its address by hash.",
        About.STAFF,
        Export.NOT_THEIRS,
        Erasure.ROW,
    ),
    "login": TableRule("Signed-in sessions, by hash.", About.STUDENT, Export.PROTECTS, Erasure.TERM, ("sign_in",)),
    "one_time": TableRule(
        "One-time links and codes, by hash; of a used link when it was used, which the student sees.",
        About.STUDENT,
        Export.PROTECTS,
        Erasure.TERM,
        ("sign_in",),
    ),
    "second_channel": TableRule(
        "That a code by post, by phone or at the desk was asked for, given and used; of an ID only that it was seen.",
        About.STUDENT,
        Export.PROTECTS,
        Erasure.TERM,
        ("sign_in",),
        clear="way and moments",
    ),
    "bucket": TableRule(
        "Counters of rate limits, by keyed hash.", About.NOBODY, Export.PROTECTS, Erasure.TERM, ("log",)
    ),
    # second factors of staff
    "totp_setup": TableRule(
        "The secret of an authenticator app that is being set up.",
        About.STAFF,
        Export.PROTECTS,
        Erasure.TERM,
        ("sign_in",),
        ("sealed",),
    ),
    "passkey": TableRule(
        "Public keys of passkeys, and the owner's word for the device.", About.STAFF, Export.PROTECTS, Erasure.NONE
    ),
    "passkey_challenge": TableRule(
        "What a passkey must sign, by hash.", About.STAFF, Export.PROTECTS, Erasure.TERM, ("sign_in",)
    ),
    "recovery_code": TableRule(
        "Codes for staff who lost the device, by hash.", About.STAFF, Export.PROTECTS, Erasure.NONE
    ),
    "staff_reset": TableRule(
        "Whose password a one-time link sets anew.", About.STAFF, Export.PROTECTS, Erasure.TERM, ("sign_in",)
    ),
    "access_review": TableRule(
        "Who looked at a designation, and what they said.", About.STAFF, Export.NOT_THEIRS, Erasure.NONE
    ),
    # proof
    "audit": TableRule(
        "The chained log: acts, random handles, commitments.",
        About.NOBODY,
        Export.NOT_THEIRS,
        Erasure.PROOF,
        ("audit_log",),
    ),
    "audit_detail": TableRule(
        "The details of log entries, under their subject's key.",
        About.CASE,
        Export.DERIVED,
        Erasure.KEY,
        ("audit_detail",),
        ("sealed",),
    ),
    "audit_checkpoint": TableRule("Signed heads of the log.", About.NOBODY, Export.NOT_THEIRS, Erasure.PROOF),
    "audit_signer": TableRule(
        "The keys that sign them.", About.NOBODY, Export.NOT_THEIRS, Erasure.NONE, sealed=("sealed",)
    ),
    "ledger_mark": TableRule(
        "Random numbers of erasures, beside the keys: which of them a restored backup of the keys knows.",
        About.NOBODY,
        Export.NOT_THEIRS,
        Erasure.PROOF,
    ),
    "outbox": TableRule(
        "Mails to be sent and sent: address and arguments.",
        About.CASE,
        Export.DERIVED,
        Erasure.KEY,
        ("mail",),
        ("sealed",),
        clear="kind, language and moment: delivery needs them",
    ),
    "setting": TableRule("Facts about the installation.", About.NOBODY, Export.NOT_THEIRS, Erasure.NONE),
    "register_version": TableRule(
        "Versions of the register of processing, and who of staff confirmed each.",
        About.STAFF,
        Export.NOT_THEIRS,
        Erasure.NONE,
        clear="a random handle of staff; the register names the school and who speaks for it",
    ),
    "policy_confirmation": TableRule(
        "Which assumed items of the policy the school confirmed, and who of staff said so.",
        About.STAFF,
        Export.NOT_THEIRS,
        Erasure.NONE,
    ),
    # what is erased
    "erasure": TableRule(
        "Erasures on their way and done: handles, names of fields, counts, moments; no value.",
        About.STUDENT,
        Export.WITHIN,
        Erasure.PROOF,
        clear="random handles that lead to nobody once the keys are gone, and names of fields",
    ),
    "term_end": TableRule(
        "That the term of a class of data ends, when the student was told and when it was erased.",
        About.STUDENT,
        Export.DERIVED,
        Erasure.PROOF,
        clear="a random handle, the class and dates",
    ),
    "outside_step": TableRule(
        "What holders outside did when a term ended.", About.NOBODY, Export.NOT_THEIRS, Erasure.PROOF
    ),
    "change_line": TableRule(
        "Changes for the school's student administration, until it has applied them.",
        About.CASE,
        Export.DERIVED,
        Erasure.KEY,
        ("case",),
        ("sealed",),
        clear="names of fields, never a value",
    ),
    "year_report": TableRule(
        "The figures of each closed year, small counts hidden.", About.NOBODY, Export.NOT_THEIRS, Erasure.NONE
    ),
    # keys, in a database of their own
    "data_key": TableRule(
        "Wrapped keys, one for each holder and retention class.",
        About.STUDENT,
        Export.PROTECTS,
        Erasure.KEY,
        ("standard", "exemption", "case", "mail", "export", "upload", "audit_detail"),
        ("wrapped",),
    ),
    "lookup": TableRule(
        "Keyed hashes by which students and cases are found.",
        About.STUDENT,
        Export.PROTECTS,
        Erasure.KEY,
        ("standard", "case"),
    ),
}

TABLES: Mapping[str, TableRule] = MappingProxyType(_RULES)
NOT_OURS = frozenset({"alembic_version"})  # of the migration tool; holds a number


def undeclared(metadatas: Iterable[MetaData], rules: Mapping[str, TableRule] = TABLES) -> list[str]:
    """The tables that no line declares, by name."""
    names = {table.name for metadata in metadatas for table in metadata.tables.values()}
    return sorted(names - set(rules) - NOT_OURS)


def vanished(metadatas: Iterable[MetaData], rules: Mapping[str, TableRule] = TABLES) -> list[str]:
    """The lines whose table is gone."""
    names = {table.name for metadata in metadatas for table in metadata.tables.values()}
    return sorted(set(rules) - names)


def faults(metadatas: Iterable[MetaData], classes: Iterable[str], rules: Mapping[str, TableRule] = TABLES) -> list[str]:
    """What is wrong with the lines, in words that say the fix."""
    every = [table for metadata in metadatas for table in metadata.tables.values()]
    known = set(classes)
    found = []
    for table in every:
        rule = rules.get(table.name)
        if rule is None:
            continue
        columns = {column.name for column in table.columns}
        seen = {name for name in columns if name in {"wrapped", "sealed"} or name.endswith("_sealed")}
        if set(rule.sealed) != seen:
            found.append(f"{table.name}: set `sealed` to its encrypted columns, {sorted(seen)}")
        if unknown := set(rule.retention) - known:
            found.append(f"{table.name}: `retention` names no class of the policy: {sorted(unknown)}")
        if rule.erasure in {Erasure.KEY, Erasure.TERM} and not rule.retention:
            found.append(f"{table.name}: say in `retention` by which class it goes")
        personal = columns & {"student_id", "case_id", "holder_id"}
        if personal and rule.about is About.NOBODY:
            found.append(f"{table.name}: points to a person by {sorted(personal)}, so `about` is somebody")
        if rule.about in {About.STUDENT, About.CASE} and rule.erasure is Erasure.NONE:
            found.append(f"{table.name}: holds somebody's data, so say how it is erased")
    return found
