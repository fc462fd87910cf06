"""What no reader should have to look for: bound SQL only, no markup by hand, no code inside pages, no far-reaching
library. Every exemption names its file and says why; every detector is tried on a planted fault."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from config import ROOT

# (file, what is found there): why it may stay.
EXEMPT = {
    ("portal/records/db.py", "sql"): "PRAGMA takes no bound values; the names are constants of the module",
    ("portal/services/upload_way.py", "sql"): "PRAGMA takes no bound values; the number is a constant of the module",
    ("portal/records/migrations/versions/0002_audit_insert_only.py", "sql"): "a trigger for each of two fixed words",
    ("portal/records/migrations/versions/0006_proof.py", "sql"): "triggers for fixed tables and words",
    ("portal/records/snapshot.py", "sql"): "COPY binds no names: psycopg quotes those of our own tables",
    ("portal/i18n.py", "markup"): "marks Dutch words in a page of another language; format() escapes what goes in",
    (
        "portal/web/staff/queue_rows.py",
        "markup",
    ): "every value goes through escape(); tests/web/test_queue_rows.py tries it",
    ("portal/web/staff/queue_filter.py", "markup"): "as the rows, and tried beside them",
    (
        "portal/web/staff/case_rows.py",
        "markup",
    ): "every value goes through shown(); tests/web/test_case_rows.py tries it",
    ("portal/web/pieces.py", "markup"): "every value goes through escape(); tests/web/test_application.py tries each",
    ("portal/web/student/show.py", "markup"): "what a template has just put out, kept for the next reader",
    ("portal/cli/running.py", "import subprocess"): "starts web and worker of the demonstration with a fixed command",
    ("portal/cli/running.py", "import urllib.request"): "asks our own address whether it answers",
    ("portal/intake/confined.py", "import subprocess"): "opens uploads in a process that may do nothing else",
    ("portal/letters/printing.py", "import subprocess"): "prints in a process that holds no key and ends",
    ("portal/templates/letters/kept_page.html", "inline style"): "a file of its own: no stylesheet lies beside it",
    ("portal/templates/mail/layout.html", "inline style"): "mail readers load no stylesheet",
}
FAR = {
    *("random", "pickle", "marshal", "shelve", "subprocess", "socket", "requests", "httpx", "urllib.request", "ctypes"),
    "xml",
}
EXECUTING = {"execute", "executemany", "exec_driver_sql", "scalar", "scalars", "text"}
IN_TEMPLATES = {
    "unescaped": re.compile(r"\|\s*safe\b|autoescape\s+false|Markup\("),
    "inline style": re.compile(r"<style\b|\sstyle\s*="),
    "inline script": re.compile(r"<script(?![^>]*\ssrc=)|javascript:", re.IGNORECASE),
    "handler": re.compile(r"\son[a-z]+\s*=\s*[\"'{]"),
    "outside": re.compile(r"(?:src|href|action)\s*=\s*[\"'](?:https?:)?//"),
}


def in_python(source: str) -> set[str]:
    """What a module does that it should not: sql, markup, dynamic code, weak digest, or a far-reaching import."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {f"import {each.name}" for each in node.names if far(each.name)}
        elif isinstance(node, ast.ImportFrom) and far(node.module or ""):
            found.add(f"import {node.module}")
        elif isinstance(node, ast.Call):
            found |= in_call(node)
    return found


def far(module: str) -> bool:
    return module in FAR or module.split(".", maxsplit=1)[0] in FAR - {"urllib.request"}


def in_call(node: ast.Call) -> set[str]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    plain = isinstance(node.func, ast.Name)
    found = set()
    if name in EXECUTING and (name != "text" or plain) and node.args and pieced(node.args[0]):
        found.add("sql")
    if name == "Markup" and plain:
        found.add("markup")
    if plain and name in {"eval", "exec", "compile", "__import__"}:
        found.add("dynamic code")
    if name in {"md5", "sha1"}:
        found.add("weak digest")
    if any(each.arg == "shell" for each in node.keywords):
        found.add("shell")
    if any(each.arg == "verify" and getattr(each.value, "value", None) is False for each in node.keywords):
        found.add("unverified TLS")
    return found


def pieced(node: ast.AST) -> bool:
    """A text that is put together at run time."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(each, ast.FormattedValue) for each in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        return any(isinstance(each, ast.Constant) and isinstance(each.value, str) for each in (node.left, node.right))
    if isinstance(node, ast.Call):
        return (isinstance(node.func, ast.Attribute) and node.func.attr == "format") or text_of(node)
    return False


def text_of(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Name) and node.func.id == "text" and bool(node.args) and pieced(node.args[0])


def in_template(source: str) -> set[str]:
    plain = re.sub(r"\{#.*?#\}", "", source, flags=re.DOTALL)
    markup = re.sub(r"\{[{%].*?[}%]\}", "x", plain, flags=re.DOTALL)
    return {name for name, pattern in IN_TEMPLATES.items() if pattern.search(plain if name == "unescaped" else markup)}


@cache
def faults() -> frozenset[tuple[str, str]]:
    found = set()
    for path in modules():
        found |= {(name_of(path), fault) for fault in in_python(path.read_text(encoding="utf-8"))}
    for path in templates():
        found |= {(name_of(path), fault) for fault in in_template(path.read_text(encoding="utf-8"))}
    return frozenset(found)


def modules() -> Iterable[Path]:
    return [ROOT / "config.py", *sorted((ROOT / "portal").rglob("*.py"))]


def templates() -> Iterable[Path]:
    return sorted(path for path in (ROOT / "portal" / "templates").rglob("*.*") if path.suffix in {".html", ".txt"})


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_nothing_forbidden_stands_anywhere_without_a_reason() -> None:
    found = faults()
    print(f"lint: {len(list(modules()))} modules, {len(list(templates()))} templates, {len(found)} exempt by name")
    assert sorted(found - set(EXEMPT)) == [], "do it otherwise, or write down here why it may stay"


def test_no_exemption_outlives_its_cause() -> None:
    assert sorted(set(EXEMPT) - faults()) == [], "nothing is found there any more: take the line out"


def test_every_page_escapes_by_itself() -> None:
    """Flask escapes .html and no .txt: no page is rendered from anything else (mail's own environment is its own)."""
    rendered = {
        name
        for path in sorted((ROOT / "portal" / "web").rglob("*.py"))
        for name in re.findall(r"render_template\(\s*f?[\"']([^\"']+)", path.read_text(encoding="utf-8"))
    }
    assert len(rendered) > 30
    assert [name for name in rendered if not name.endswith(".html")] == []
    assert "render_template_string" not in "".join(path.read_text(encoding="utf-8") for path in modules())


def test_the_detectors_find_planted_faults() -> None:
    for planted, fault in (
        ("session.execute(f'SELECT {x}')", "sql"),
        ("session.execute(text(f'SELECT {x}'))", "sql"),
        ("text('SELECT ' + name)", "sql"),
        ("text('SELECT %s' % name)", "sql"),
        ("text('SELECT {}'.format(name))", "sql"),
        ("cursor.exec_driver_sql('DROP ' + table)", "sql"),
        ("Markup(value)", "markup"),
        ("eval(value)", "dynamic code"),
        ("hashlib.md5(x)", "weak digest"),
        ("run(x, shell=True)", "shell"),
        ("get(x, verify=False)", "unverified TLS"),
        ("import random", "import random"),
        ("from xml.etree import ElementTree", "import xml.etree"),
        ("import urllib.request", "import urllib.request"),
    ):
        assert fault in in_python(planted), planted
    for harmless in ("text('SELECT 1')", "speaker.text(f'{x}')", "select(x).where(y == z)", "import urllib.parse"):
        assert in_python(harmless) == set(), harmless
    for planted, fault in (
        ("{{ x|safe }}", "unescaped"),
        ("{% autoescape false %}", "unescaped"),
        ("<p style='x'>", "inline style"),
        ("<style>", "inline style"),
        ("<script>x</script>", "inline script"),
        ("<a href='javascript:x'>", "inline script"),
        ('<b onclick="x">', "handler"),
        ('<img src="//x">', "outside"),
        ("<a href='https://x'>", "outside"),
    ):
        assert fault in in_template(planted), planted
    assert in_template("{# |safe #}<script src=\"{{ static_url('x') }}\" defer></script>") == set()
