"""Unbound extension objects of the web; create_app() binds them."""

from __future__ import annotations

from flask_babel import Babel
from flask_login import LoginManager
from flask_wtf import CSRFProtect

login = LoginManager()
login.session_protection = None  # the session is a row of ours: nothing is derived from address or browser
login._session_identifier_generator = str  # which Flask-Login would derive all the same, each time
csrf = CSRFProtect()
babel = Babel()
