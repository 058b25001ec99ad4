"""The plan as an iCalendar, so that people see in their calendars what is to come."""

from __future__ import annotations

from datetime import timedelta
from importlib.metadata import version

from icalendar import Calendar, Event

from simian_army.cli.planning import ASSUMED, Plan
from simian_army.explain import Forecast

MOMENT = timedelta(minutes=1)  # what a fault that is not held takes up in a calendar


def agenda(made: Plan) -> str:
    """RFC 5545: an event for every fire, as long as its longest hold; UIDs are those of the runs, so that a newer plan
    takes the place of an older one."""
    calendar = Calendar()
    calendar.add("prodid", f"-//simian-army//{version('simian-army')}//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", f"chaos of {made.fleet}")
    for told in made.fires:
        calendar.add_component(_event(made, told))
    text: str = calendar.to_ical().decode()
    return text


def _event(made: Plan, told: Forecast) -> Event:
    event = Event()
    hit = [f"{draw.fault.kind} on {draw.fault.target}" for draw in told.hit]
    event.add("uid", f"{told.run.id}@{made.fleet}.simian-army")
    event.add("dtstamp", made.start)
    event.add("dtstart", told.at)
    event.add("dtend", told.at + max([MOMENT, *(draw.fault.hold for draw in told.hit)]))
    event.add("summary", f"{told.entry}: {'only looks' if told.looks else _few(hit)}")
    leashed = "leashed, nothing is changed; " if told.run.leashed else ""
    event.add("description", f"{leashed}{'; '.join(hit) or 'nobody is hit'}. True {ASSUMED}.")
    event.add("status", "CONFIRMED" if told.exact and not made.halt else "TENTATIVE")
    event.add("transp", "TRANSPARENT")
    event.add("categories", ["chaos", told.entry])
    return event


def _few(hit: list[str]) -> str:
    if len(hit) <= 2:
        return " and ".join(hit) or "nobody"
    return f"{hit[0]} and {len(hit) - 1} more"
