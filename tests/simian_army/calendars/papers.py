"""iCalendar texts, as calendar programs write them."""

from __future__ import annotations


def ics(*events: str, head: str = "") -> bytes:
    """A calendar of events, each given as its lines."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN", *head.split("\n")]
    for number, event in enumerate(events):
        uid = [] if "UID:" in event else [f"UID:{number}@test"]
        lines += ["BEGIN:VEVENT", *uid, *event.split("\n"), "END:VEVENT"]
    return (
        "\r\n".join(line for line in [*lines, "END:VCALENDAR", ""] if line or line == "")
        .encode()
        .replace(b"\r\n\r\n", b"\r\n")
    )


FREEZE = "SUMMARY:Change freeze\nDTSTART;TZID=Europe/Berlin:20260304T090000\nDTEND;TZID=Europe/Berlin:20260304T170000"
