"""The demonstration's mailbox and second factor. In production, and where mail truly leaves, there is no such page."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Flask, abort, current_app, render_template, request

from portal.services import dev_mail
from portal.services.demo import people, sign_ins
from portal.web.access import PUBLIC, Rule

blueprint = Blueprint("dev", __name__, url_prefix="/dev")

TABLE = {
    "dev.mails": Rule(PUBLIC, "the demonstration's mails to made-up people; absent in production"),
    "dev.code": Rule(PUBLIC, "the second factor of made-up staff; absent in production"),
    "dev.mail": Rule(PUBLIC, "one mail of the demonstration; absent in production"),
}


def register(app: Flask) -> None:
    """Adds the pages where mail goes to a folder."""
    if dev_mail.folder_of(app.config["SETTINGS"]) is not None:
        app.register_blueprint(blueprint)


def folder() -> Path:
    return dev_mail.folder_of(current_app.config["SETTINGS"]) or abort(404)


@blueprint.get("/code")
def code() -> str:
    return render_template("dev/code.html", code=sign_ins.code_now(), key=people.TOTP_KEY)


@blueprint.get("/mail")
def mails() -> str:
    to = request.args.get("to", "")
    return render_template("dev/mails.html", mails=dev_mail.mails(folder(), to), to=to)


@blueprint.get("/mail/<name>")
def mail(name: str) -> str:
    found = dev_mail.mail(folder(), name, current_app.config["SETTINGS"].base_url)
    return render_template("dev/mail.html", mail=found or abort(404))
