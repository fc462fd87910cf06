"""The student pages' blueprint."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("student", __name__)
