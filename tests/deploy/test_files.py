"""The files of a real installation, read for what must stand in them, and tried with the programs that read them."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from config import BODY_LIMITS, MIB, ROOT, read_settings
from portal.intake import confined

DEPLOY = ROOT / "deploy"
UNITS = DEPLOY / "systemd"
SERVICES = ("web", "worker", "backup", "doctor")
# What each service of the portal must not be able to do (systemd.exec(5)).
HARDENED = {
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "AmbientCapabilities": "",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "PrivateUsers": "yes",
    "ProtectClock": "yes",
    "ProtectControlGroups": "yes",
    "ProtectHostname": "yes",
    "ProtectKernelLogs": "yes",
    "ProtectKernelModules": "yes",
    "ProtectKernelTunables": "yes",
    "ProtectProc": "invisible",
    "ProcSubset": "pid",
    "RestrictNamespaces": "yes",
    "RestrictRealtime": "yes",
    "RestrictSUIDSGID": "yes",
    "LockPersonality": "yes",
    "MemoryDenyWriteExecute": "yes",
    "SystemCallArchitectures": "native",
    "UMask": "0077",
    "LimitCORE": "0",
    "User": "privacy-portal",
}


def unit(name: str) -> dict[str, list[str]]:
    """The settings of a unit's main section; a key may stand several times."""
    found: dict[str, list[str]] = {}
    for line in (UNITS / name).read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            key, value = line.split("=", 1)
            found.setdefault(key, []).append(value)
    return found


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_may_do_nothing_but_what_it_needs(name: str):
    found = unit(f"privacy-portal-{name}.service")
    assert {key: found.get(key) for key in HARDENED} == {key: [value] for key, value in HARDENED.items()}
    assert found["SystemCallFilter"] == ["@system-service", "~@privileged @obsolete"]
    assert found["RestrictAddressFamilies"] == ["AF_UNIX AF_INET AF_INET6"]


@pytest.mark.parametrize("name", SERVICES)
def test_no_secret_stands_in_a_unit_and_the_key_is_a_credential(name: str):
    found = unit(f"privacy-portal-{name}.service")
    assert found["LoadCredential"] == ["key-encryption-key:/etc/privacy-portal/key-encryption-key"]
    assert "KEY_ENCRYPTION_KEY_FILE=%d/key-encryption-key" in found["Environment"]
    assert not re.search(r"SECRET|PASSWORD|TOKEN", (UNITS / f"privacy-portal-{name}.service").read_text())


def gunicorn_settings() -> dict[str, Any]:
    settings: dict[str, Any] = {}
    exec(compile((DEPLOY / "gunicorn.conf.py").read_text(), "gunicorn.conf.py", "exec"), settings)
    return settings


def test_web_and_worker_get_the_time_to_finish_what_is_in_hand():
    web, worker = unit("privacy-portal-web.service"), unit("privacy-portal-worker.service")
    assert (web["KillMode"], worker["KillMode"]) == (["mixed"], ["mixed"])
    assert (web["TimeoutStopSec"], worker["TimeoutStopSec"]) == (["40"], ["60"])
    assert (web["Restart"], worker["Restart"]) == (["always"], ["always"])
    settings = gunicorn_settings()
    assert settings["graceful_timeout"] < 40
    assert settings["bind"] == "unix:/run/privacy-portal/web.sock"
    assert settings["accesslog"] is None
    assert settings["control_socket_disable"] is True
    assert settings["preload_app"] is True
    assert "ExecReload" not in web, "a process that loaded the old release before it parted goes on with it"


def test_the_web_reaches_nothing_but_this_machine():
    found = unit("privacy-portal-web.service")
    assert (found["IPAddressDeny"], found["IPAddressAllow"]) == (["any"], ["localhost"])


def test_a_web_with_the_worker_in_it_reaches_the_mail_server_and_nothing_else_more():
    added = unit("privacy-portal-web.service.d/worker.conf")
    assert added["Environment"] == ["WORKER_IN_WEB=yes"]
    assert re.fullmatch(r"[\d.]+", added["IPAddressAllow"][0])
    assert set(added) == {"Environment", "MemoryMax", "IPAddressAllow"}
    assert "post_worker_init" not in gunicorn_settings(), "where nobody asks for it, the worker is a service of its own"


def test_the_backup_runs_the_portals_own_command_each_night_and_a_failure_alarms():
    found = unit("privacy-portal-backup.service")
    assert found["ExecStart"][0].endswith("flask --app portal backup /var/backups/privacy-portal")
    assert found["OnFailure"] == ["privacy-portal-alarm@%n.service"]
    timer = unit("privacy-portal-backup.timer")
    assert timer["Persistent"] == ["true"], "a night that was missed is made up for"


def test_systemd_accepts_each_unit(tmp_path: Path):
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd on this machine")
    shutil.copytree(UNITS, tmp_path, dirs_exist_ok=True)
    for path in tmp_path.glob("*.service"):  # the programs stand elsewhere on this machine
        path.write_text(re.sub(r"/opt/privacy-portal/current/\.venv/bin/\w+", "/bin/true", path.read_text()))
    names = [str(path) for path in sorted(tmp_path.glob("privacy-portal-*.*[er]")) if "@" not in path.name]
    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *names], capture_output=True, text=True, check=False
    )
    assert [line for line in said.stderr.splitlines() if "privacy-portal" in line] == []


def nginx_text() -> str:
    return (DEPLOY / "nginx" / "privacy-portal.conf").read_text()


def test_the_page_for_when_the_portal_is_away_allows_its_own_style_and_nothing_else():
    style = re.search(r"<style>(.*?)</style>", (DEPLOY / "nginx" / "away.html").read_text(), re.DOTALL)
    assert style is not None
    digest = b64encode(sha256(style.group(1).encode()).digest()).decode()
    assert f"\"default-src 'none'; style-src 'sha256-{digest}'\" always" in nginx_text()
    assert "unsafe" not in nginx_text()


def test_the_proxy_and_a_web_process_wait_longer_than_a_file_may_take():
    waits = re.search(r"proxy_read_timeout (\d+)s", nginx_text())
    assert waits is not None
    assert confined.Bounds().wall_seconds < min(int(waits.group(1)), gunicorn_settings()["timeout"])


def test_the_proxy_logs_no_address_and_hands_on_no_header_that_a_visitor_made_up():
    text = nginx_text()
    log_format = re.search(r"log_format \w+ '([^']*)'", text)
    assert log_format is not None
    logged = set(re.findall(r"\$\{?(\w+)", log_format.group(1)))
    assert logged == {"time_iso8601", "request_method", "status", "bytes_sent", "request_time", "request_id"}
    handed_on = dict(re.findall(r'proxy_set_header (\S+) ("?[^";]*"?);', text))
    assert handed_on == {
        "Host": "$host",
        "X-Forwarded-For": "$remote_addr",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": '""',
        "X-Forwarded-Prefix": '""',
        "X-Real-IP": '""',
        "Forwarded": '""',
        "Connection": '""',
    }
    assert "ssl_protocols TLSv1.2 TLSv1.3;" in text
    assert "ssl_reject_handshake on;" in text
    assert re.search(r"location = /metrics \{\s*allow 127\.0\.0\.1;\s*allow ::1;\s*deny all;", text)


def test_the_proxy_compresses_what_holds_no_secret_only():
    text = nginx_text()
    assert re.search(r"^    gzip off;", text, re.MULTILINE)
    assert re.findall(r"location (\S+) \{\s*gzip on;", text) == ["/static/"]


def test_the_proxy_takes_a_body_as_large_as_the_portal_does():
    most = read_settings({}).flask()["MAX_CONTENT_LENGTH"]
    assert f"    client_max_body_size {most // MIB}m;" in nginx_text()
    for endpoint, more in BODY_LIMITS.items():
        path = "/" + endpoint.replace(".", "/")
        found = re.search(rf"location = {path} \{{[^}}]*client_max_body_size {more // MIB}m;", nginx_text())
        assert found, f"{path} takes as much at the proxy as at the portal"
    assert nginx_text().count("client_max_body_size") == 1 + len(BODY_LIMITS), "and nothing else takes more"


def test_nginx_accepts_its_file(tmp_path: Path):
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if not nginx or not shutil.which("openssl"):
        pytest.skip("no nginx on this machine: apt-get install nginx-light")
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-subj",
            "/CN=privacy.school.example",
            "-keyout",
            str(tmp_path / "privkey.pem"),
            "-out",
            str(tmp_path / "fullchain.pem"),
        ],
        check=True,
        capture_output=True,
    )
    site = nginx_text().replace("/etc/letsencrypt/live/privacy.school.example", str(tmp_path))
    (tmp_path / "site.conf").write_text(site.replace("/var/log/nginx", str(tmp_path)))
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid; error_log {tmp_path}/error.log; events {{}} http {{ include {tmp_path}/site.conf; }}"
    )
    said = subprocess.run(
        [nginx, "-t", "-c", str(tmp_path / "nginx.conf")], capture_output=True, text=True, check=False
    )
    assert said.returncode == 0, said.stderr


def test_the_page_of_a_portal_that_is_away_speaks_every_language_and_fetches_nothing():
    from portal.i18n import TONGUES

    text = (DEPLOY / "nginx" / "away.html").read_text(encoding="utf-8")
    assert set(re.findall(r'lang="(\w\w)"', text)) == set(TONGUES)
    assert not re.search(r"(?:src|href)=|https?://|<script", text)


def test_the_key_of_the_ceremony_is_one_that_the_portal_reads(tmp_path: Path):
    from portal.vault.master import read_master

    command = re.search(r"`umask 077; (echo [^`]*)`", (ROOT / "docs" / "operating.md").read_text())
    assert command is not None
    target = tmp_path / "key"
    subprocess.run(
        ["sh", "-c", command.group(1).replace("/etc/privacy-portal/key-encryption-key", str(target))], check=True
    )
    assert list(read_master(target).keys) == ["k1"]


def test_the_example_of_settings_names_every_variable_that_production_needs():
    lines = (DEPLOY / "portal.env.example").read_text().splitlines()
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string("\n".join(["[all]", *lines]))
    named = {name.upper() for name in parser["all"]}
    assert named >= {"PORTAL_ENV", "SECRET_KEY", "BASE_URL", "DATABASE_URL", "KEYS_DATABASE_URL", "MAIL_URL"}
    assert named >= {"MAIL_FROM", "TRUSTED_PROXIES", "METRICS_TOKEN", "PORTAL_DATA", "ERASURE_LEDGER_FILE"}
    assert "tls=required" in parser["all"]["mail_url"]
    assert parser["all"]["secret_key"] == "", "nobody copies a secret from here"
