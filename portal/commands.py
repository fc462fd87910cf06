"""The command line: `flask --app portal …`. Exit code 0 done, 1 refused, 2 used wrongly."""

from __future__ import annotations

from flask import Flask


def register(app: Flask) -> None:
    """Adds the commands to the application; each loads what it needs when it runs."""
    from portal.cli import cases, demo, proof, running, staff, students

    for command in (
        cases.group,
        demo.demo,
        proof.audit,
        proof.doctor,
        proof.register,
        running.jobs,
        running.serve,
        running.worker,
        staff.group,
        students.group,
    ):
        app.cli.add_command(command)
