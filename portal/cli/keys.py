"""`keys rotate|recovery`, `backup` and `restore`: what keeps data and keys, and gets them back."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import cast

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext

from config import Settings
from portal.cli.terminal import answer, clock, json_option, operator, refuse

keys = AppGroup("keys", help="The key-encryption key and the recovery key.")
FOLDER = click.Path(file_okay=False, path_type=Path)
KEYS_FOLDER = click.option("--keys-folder", type=FOLDER, help="Where the keys' line lies; else FOLDER/keys.")


@keys.command("rotate")
@click.option("--prepare", is_flag=True, help="Only add the next key to the file, to copy it to every machine first.")
@click.option("--retire", is_flag=True, help="Take keys out of the file that nothing needs any more.")
@click.option("--now", "at_once", is_flag=True, help="With --retire: also what backups of the last seven days need.")
@json_option
def rotate(prepare: bool, retire: bool, at_once: bool, as_json: bool) -> None:
    """Wrap every data key under a fresh key-encryption key. The portal may run; cut short, it goes on the next time."""
    from portal.services import rotate_keys

    if (prepare and retire) or (at_once and not retire):
        raise click.UsageError("--prepare and --retire exclude each other; --now belongs to --retire")
    if prepare:
        name = rotate_keys.prepare(operator(), clock())
        answer(
            as_json, {"prepared": name}, f"{name} is in the key file and wraps nothing yet. Copy the file, then rotate."
        )
        return
    try:
        if retire:
            gone = rotate_keys.retire(operator(), clock(), at_once)
            answer(as_json, asdict(gone), f"Taken out of the key file: {', '.join(gone.gone) or 'nothing'}.")
            return
        done = rotate_keys.rotate(operator(), clock())
    except rotate_keys.NotRetired as error:
        refuse(as_json, error.code, f"Nothing was taken out: {error}.")
    except rotate_keys.WrongMaster as error:
        refuse(
            as_json, "wrong_key", f"The rotation stopped: {error}. Put back the key file that belongs to these data."
        )
    text = f"{done.wrapped} data keys are wrapped under {done.current} now. Copy the key file to its own safe place."
    answer(as_json, asdict(done), text)


@keys.command("recovery")
@click.argument("output", type=click.Path(dir_okay=False, path_type=Path))
@json_option
def recovery(output: Path, as_json: bool) -> None:
    """Make the key that opens backups. Keep OUTPUT away from the portal, best on paper; the other half is printed."""
    from portal.services.backup import make_recovery_key

    try:
        public = make_recovery_key(output)
    except FileExistsError:
        refuse(as_json, "exists", f"{output} is there already and stays as it is.")
    answer(
        as_json, {"file": output, "public": public}, f"BACKUP_RECOVERY_KEY={public}\nThe private half is in {output}."
    )


@click.command("backup")
@click.argument("folder", type=FOLDER)
@KEYS_FOLDER
@json_option
@with_appcontext
def backup(folder: Path, keys_folder: Path | None, as_json: bool) -> None:
    """Write a sealed backup of both databases to FOLDER. Nothing needs to stop."""
    from portal.services.backup import BadRecoveryKey, back_up

    public = cast(Settings, current_app.config["SETTINGS"]).recovery_key
    if not public:
        raise click.UsageError("set BACKUP_RECOVERY_KEY: `keys recovery FILE` makes one")
    try:
        done = back_up(clock(), folder, public, keys_folder)
    except BadRecoveryKey as error:
        raise click.UsageError(f"BACKUP_RECOVERY_KEY {error}") from error
    text = f"{done.main}\n{done.keys} (kept for seven days)"
    if done.ended:
        text += f"\nDeleted, their seven days were over: {', '.join(done.ended)}"
    answer(as_json, asdict(done), text)


@click.command("restore")
@click.argument("folder", type=FOLDER)
@click.option("--recovery-key", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=True)
@click.option("--at", "stamp", help="The moment in the files' names; else the newest.")
@click.option("--only", type=click.Choice(["main", "keys"]), help="One of the two lines.")
@click.option("--replace", is_flag=True, help="Also where these databases hold students.")
@KEYS_FOLDER
@json_option
@with_appcontext
def restore(
    folder: Path,
    recovery_key: Path,
    stamp: str | None,
    only: str | None,
    replace: bool,
    keys_folder: Path | None,
    as_json: bool,
) -> None:
    """Put a backup back. Stop web and worker first; nobody is served until `erasures replay` was run."""
    from portal.services.restore import BadRecoveryKey, NotOpened, NotRestored
    from portal.services.restore import restore as put_back

    try:
        done = put_back(folder, recovery_key.read_text(encoding="ascii"), stamp, only, replace, keys_folder)
    except (BadRecoveryKey, UnicodeDecodeError) as error:
        raise click.UsageError(f"{recovery_key}: {error}") from error
    except NotOpened as error:
        refuse(as_json, "not_opened", f"Nothing was put back: the backup {error}.")
    except NotRestored as error:
        refuse(as_json, error.code, f"Nothing was put back: {error}.")
    text = f"The backup of {done.stamp} was put back ({', '.join(done.lines)}). Now run: erasures replay"
    answer(as_json, asdict(done), text)
