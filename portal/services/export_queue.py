"""Take the list of the queue out as a file. It holds names, so each export is logged with the number of its lines."""

from __future__ import annotations

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.permissions import Actor
from portal.records import case_list
from portal.services.queue import Filters, Line, Order, Tab, lines_of, place_of, question_of
from portal.services.unit import writing

MOST = 5000  # lines of one file
CHUNK = 250


def export_queue(
    actor: Actor, clock: Clock, tab: Tab = Tab.ALL, filters: Filters | None = None, order: Order | None = None
) -> tuple[Line, ...]:
    """The lines of the list as it is narrowed and sorted on the page; at most MOST of them. Raises NotAllowed."""
    with writing(actor, clock) as work:
        work.require(Act.EXPORT_QUEUE)
        asked = question_of(work, tab, filters or Filters(), order)
        found: list[Line] = []
        place = None
        while len(found) < MOST:
            part = case_list.cases(work.session, asked, CHUNK, after=place)
            found += lines_of(work, part)
            if not part.after:
                break
            place = place_of(work, part.rows[-1].reference)
        work.note("export_queue", "installation", None, lines=len(found))
        return tuple(found[:MOST])
