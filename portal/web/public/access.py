"""Who may come to the public pages: one line an endpoint."""

from __future__ import annotations

from portal.web.access import CASE, PUBLIC, Rule

_FILING = "anybody may file a request without proof; a draft opens only in the browser that began it"

TABLE: dict[str, Rule] = {
    "public.choose": Rule(PUBLIC, "choosing a language"),
    "public.start": Rule(PUBLIC, "the start page"),
    "public.about": Rule(PUBLIC, "what is kept and why: GDPR 13 and 14, from the policy"),
    "public.regulation": Rule(PUBLIC, "the regulation in plain words"),
    "public.rights": Rule(PUBLIC, "each right in plain words"),
    "public.help": Rule(PUBLIC, "how somebody may help"),
    "public.accessibility": Rule(PUBLIC, "what works for whom, and what does not yet"),
    "public.new": Rule(PUBLIC, _FILING),
    "public.draft_page": Rule(PUBLIC, _FILING),
    "public.instead": Rule(PUBLIC, _FILING),
    "public.check": Rule(PUBLIC, _FILING),
    "public.receipt": Rule(PUBLIC, _FILING),
    "public.code": Rule(PUBLIC, "typing a case code; limited by place and altogether"),
    "public.case": Rule(CASE),
    "public.upload": Rule(CASE),
    "public.stop_erasure": Rule(CASE),
}
