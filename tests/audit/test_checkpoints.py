"""Signed checkpoints: at decisions and erasures, daily, in every mail, and for an inspector who trusts nobody."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from portal.audit import checkpoints
from portal.audit.checkpoints import CLASS
from portal.audit.verifier import Head, read_heads, signed_bytes, verify
from portal.domain.permissions import SYSTEM
from portal.domain.vocabulary import Role
from portal.jobs import BY_NAME
from portal.jobs import run as run_job
from portal.records.db import begin_write, db
from portal.records.tables.proof import AuditSigner, OutMail
from portal.services.checkpoint_audit import checkpoint_daily, checkpoint_now
from portal.services.deliver_mail import deliver
from portal.services.unit import writing
from portal.services.verify_audit import export_audit, verify_audit, verify_details
from portal.vault.envelope import INSTALLATION
from tests import factories
from tests.audit.logs import CLOCK, exported, note
from tests.audit.test_log import rewrite
from tests.mail.posts import every_message, send_all

VERIFIER = Path(checkpoints.__file__).with_name("verifier.py")


def test_decisions_and_erasures_are_signed_in_their_own_transaction(app: Flask) -> None:
    with app.app_context():
        note("view_case")
        assert exported()[1] == []
        note("decide", "view_case")
        note("view_case")
        note("erased")
        entries, signed = exported()
        assert [(each["number"], each["seq"]) for each in signed] == [(1, 3), (2, 5)]
        assert [each["digest"] for each in signed] == [entries[2]["digest"], entries[4]["digest"]]
        assert verify(entries, signed).whole


def test_an_act_that_is_undone_leaves_no_checkpoint(app: Flask) -> None:
    with app.app_context():
        with pytest.raises(ZeroDivisionError), writing(SYSTEM, CLOCK) as work:
            work.note("decide", "installation", None)
            raise ZeroDivisionError
        assert exported() == ([], [])


@pytest.mark.parametrize("table", ["audit_checkpoint", "audit_signer"])
@pytest.mark.parametrize("statement", ["DELETE FROM {0}", "UPDATE {0} SET {1} = {1}"])
def test_checkpoints_and_signers_refuse_change(app: Flask, table: str, statement: str) -> None:
    with app.app_context():
        note("decide")
        column = {"audit_checkpoint": "number", "audit_signer": "public"}[table]
        with pytest.raises(DatabaseError, match="insert-only"), db.engines[None].begin() as connection:
            connection.execute(text(statement.format(table, column)))


@pytest.mark.parametrize("table", ["audit", "audit_checkpoint", "audit_signer"])
def test_on_sqlite_no_row_can_be_replaced_either(sqlite_app: Flask, table: str) -> None:
    with sqlite_app.app_context():
        note("decide")
        with pytest.raises(DatabaseError, match="insert-only"), db.engines[None].begin() as connection:
            connection.execute(text(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"))


def test_the_signing_key_lies_sealed_and_a_lost_one_is_followed_by_another(app: Flask) -> None:
    with app.app_context():
        note("decide")
        (row,) = db.session.execute(select(AuditSigner)).scalars()
        assert row.public not in row.sealed
        first = exported()[1][0]["signer"]
        factories.vault().destroy(INSTALLATION, CLASS)
        note("decide")
        entries, signed = exported()
        assert signed[1]["signer"] != first
        assert verify(entries, signed).whole
        assert not verify(entries, signed, trusted=[first]).whole, "who trusts the first key hears of the second"


def test_a_checkpoint_signed_by_a_strangers_key_is_caught(app: Flask) -> None:
    with app.app_context():
        note("decide")
        entries, (signed,) = exported()
        stranger = Ed25519PrivateKey.generate()
        forged = {**signed, "signer": stranger.public_key().public_bytes_raw().hex()}
        forged["signature"] = stranger.sign(signed_bytes(forged)).hex()
        assert verify(entries, [forged]).whole, "by itself it is well signed"
        assert not verify(entries, [forged], trusted=[signed["signer"]]).whole
        db.session.rollback()
        begin_write()
        number = {"n": 2, "s": bytes.fromhex(forged["signer"]), "g": bytes.fromhex(forged["signature"])}
        note("view_case")
        db.session.execute(
            text(
                "INSERT INTO audit_checkpoint (number, seq, digest, at, reason, signer, signature) "
                "SELECT :n, 2, a.digest, c.at, 'act', :s, :g FROM audit_checkpoint c, audit a WHERE a.seq = 2"
            ),
            number,
        )
        db.session.commit()
        assert any("not this installation's" in fault.what for fault in verify_audit(CLOCK).faults)


def test_each_day_the_head_is_signed_and_mailed_to_the_director_once(app: Flask) -> None:
    with app.app_context():
        factories.make_staff("dirk", Role.DIRECTOR)
        factories.make_staff("anna", Role.CASE_HANDLER)
    run_job(app, BY_NAME["checkpoint"])
    run_job(app, BY_NAME["checkpoint"])
    with app.app_context():
        assert [each["reason"] for each in exported()[1]] == ["daily"]
        (mail,) = db.session.execute(select(OutMail).where(OutMail.kind == "staff_log_head")).scalars()
        assert mail.dedupe.startswith("log_head:2026-11-23:")


@pytest.mark.slow
def test_every_mail_carries_the_head_and_is_a_witness(app: Flask, tmp_path: Path) -> None:
    sent = []

    class Box:
        def send(self, mail, meanwhile):
            sent.append(mail.content)

        def close(self):
            pass

    with app.app_context():
        factories.make_staff("dirk", Role.DIRECTOR)
        note("decide")
        checkpoint_daily(CLOCK)
        send_all(CLOCK, every_message("ar").values())
        deliver(CLOCK, Box())
        head = exported()[0][-1]
        assert len(sent) > 20
        kept = tmp_path / "mail.eml"
        for raw in sent:
            kept.write_bytes(raw)
            assert read_heads(kept) == [Head(head["seq"], head["digest"], "mail.eml")]
            assert verify_audit(CLOCK, [kept]).whole
        rewrite("DELETE FROM audit WHERE seq = (SELECT MAX(seq) FROM audit)")
        assert not verify_audit(CLOCK, [kept]).whole


def test_the_heads_of_a_log_that_was_rewritten_whole_are_caught_by_an_old_mail(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        note("decide")
        kept = tmp_path / "checkpoint.json"
        kept.write_text(json.dumps(checkpoint_now(CLOCK).as_dict()))
        assert verify_audit(CLOCK, [kept]).whole
        rewrite("DELETE FROM audit")
        for table in ("audit_checkpoint", "audit_signer"):
            for act in ("update", "delete"):
                if db.engine.dialect.name == "sqlite":
                    rewrite(f"DROP TRIGGER {table}_no_{act}")
            if db.engine.dialect.name != "sqlite":
                rewrite(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        rewrite("DELETE FROM audit_detail")
        rewrite("DELETE FROM audit_checkpoint")
        note("decide", "decide")
        assert verify_audit(CLOCK).whole, "nothing inside tells"
        assert not verify_audit(CLOCK, [kept]).whole


def test_details_that_were_exchanged_between_two_entries_are_found(app: Flask) -> None:
    with app.app_context():
        note("view_case", "view_case", "view_case")
        assert verify_details(CLOCK).wrong == ()
        rewrite("UPDATE audit_detail SET seq = -1 WHERE seq = 1")
        rewrite("UPDATE audit_detail SET seq = 1 WHERE seq = 2")
        rewrite("UPDATE audit_detail SET seq = 2 WHERE seq = -1")
        assert verify_details(CLOCK).wrong == (1, 2)


def alone(*arguments: object) -> subprocess.CompletedProcess[str]:
    """The verifier by itself: no path of ours, no environment, somewhere else."""
    program = (
        "import sys, runpy; sys.argv = sys.argv[1:]; code = None\n"
        "try: runpy.run_path(sys.argv[0], run_name='__main__')\n"
        "except SystemExit as end: code = end.code\n"
        "allowed = {'cryptography', '_cffi_backend', 'cffi', '_rust', 'bindings'} | set(sys.stdlib_module_names)\n"
        "strange = {n.split('.')[0] for n, m in sys.modules.items() if getattr(m, '__file__', None)} - allowed\n"
        "strange = {n for n in strange if n != '__main__' and not n.startswith(('_virtualenv', '__editable__', '_'))}\n"
        "assert 'portal' not in sys.modules and not strange & {'flask', 'sqlalchemy', 'config', 'portal'}, strange\n"
        "sys.exit(code)"
    )
    line = [sys.executable, "-I", "-c", program, VERIFIER, *arguments]
    return subprocess.run([str(part) for part in line], cwd="/", env={}, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_the_verifier_runs_alone_on_an_export(sqlite_app: Flask, tmp_path: Path) -> None:
    with sqlite_app.app_context():
        note("view_case", "decide")
        saved = tmp_path / "saved.json"
        saved.write_text(json.dumps(checkpoint_now(CLOCK).as_dict()))
        key = exported()[1][0]["signer"]
        file = tmp_path / "log.jsonl"
        with file.open("w") as out:
            assert export_audit(CLOCK, out) == (3, 2)
        assert "position" not in file.read_text()
    good = alone(file, "--key", key, "--checkpoint", saved, "--json")
    assert good.returncode == 0, good.stderr
    assert json.loads(good.stdout)["entries"] == 3
    assert alone(file, "--key", "00" * 32).returncode == 1
    assert alone(saved).returncode == 2
    assert alone(file, "--checkpoint", file.with_name("none")).returncode == 2
    lines = file.read_text().splitlines()
    file.write_text("\n".join(lines[:-1]) + "\n")
    cut = alone(file, "--checkpoint", saved)
    assert cut.returncode == 1
    assert "the log ends at 2" in cut.stdout
    file.write_text("\n".join(lines).replace('"act": "decide"', '"act": "extend"') + "\n")
    assert "entry 2: was changed" in alone(file).stdout


def test_the_verifier_imports_the_standard_library_and_cryptography_only() -> None:
    words = [
        line.split()[1].split(".")[0]
        for line in VERIFIER.read_text().splitlines()
        if line.startswith(("import ", "from "))
    ]
    assert set(words) - {"__future__", "cryptography"} <= set(sys.stdlib_module_names)
