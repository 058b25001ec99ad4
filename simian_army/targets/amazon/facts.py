"""What an instance or group as AWS describes it tells, in plain words; and whether it makes sense at all."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from simian_army.model import Json

IN_SERVICE = "InService"

MEMBER = "aws:autoscaling:groupName"
"""The tag that AWS itself puts on the members of an Auto Scaling Group; nobody else can."""


def instance(raw: Any) -> dict[str, Any]:
    """The instance, its tags as a mapping.

    Raises:
        ValueError: it makes no sense.
    """
    return _whole(raw, "InstanceId", "LaunchTime", ("State.Name",))


def group(raw: Any) -> dict[str, Any]:
    """The Auto Scaling Group, its tags as a mapping.

    Raises:
        ValueError: it makes no sense.
    """
    return _whole(raw, "AutoScalingGroupName", "CreatedTime", ("AutoScalingGroupARN",))


def facts_of(kind: str, obj: Json, group: str) -> dict[str, Any]:
    """The facts of an object read whole.

    instance: ``state``, ``lifecycle`` (spot, on-demand, or what AWS adds), ``rootDevice`` (ebs, instance-store),
    ``group``, ``Name`` (the tag). asg: ``desired``, ``minimum``, ``maximum``, ``inService``, ``suspended``.
    """
    if kind == "instance":
        return {
            "state": state(obj),
            "lifecycle": lifecycle(obj),
            "rootDevice": str(obj.get("RootDeviceType") or ""),
            "group": group,
            "Name": obj["Tags"].get("Name", ""),
        }
    return {
        "desired": obj.get("DesiredCapacity"),
        "minimum": obj.get("MinSize"),
        "maximum": obj.get("MaxSize"),
        "inService": len(in_service(obj)),
        "suspended": suspended(obj),
    }


def places(obj: Json, region: str) -> dict[str, list[str]]:
    """The fact ``places``: the zones that AWS tells (a group may have several) and the region; AWS knows no nodes."""
    zone, zones = at(obj, "Placement.AvailabilityZone"), obj.get("AvailabilityZones")
    said = [name for name in ([zone] if zone else zones if isinstance(zones, list) else []) if isinstance(name, str)]
    return {"node": [], "region": [region], **({"zone": said} if said else {})}


def some_facts(known: Json, obj: Json, names: Iterable[str]) -> dict[str, Any]:
    """Those of ``names``: words of ``known``, or paths into the object (``Placement.Tenancy``), None if absent."""
    return {name: known[name] if name in known else at(obj, name) for name in names}


def state(obj: Json) -> str:
    """``running``, ``stopped``, ...: the state of an instance."""
    return str(at(obj, "State.Name") or "")


def lifecycle(obj: Json) -> str:
    """How an instance is paid for, which decides what becomes of it when it is stopped."""
    return str(obj.get("InstanceLifecycle") or "on-demand")


def in_service(obj: Json) -> list[str]:
    """The instance ids of a group's members that are in service and healthy."""
    return [
        str(member.get("InstanceId"))
        for member in _members(obj)
        if member.get("LifecycleState") == IN_SERVICE and str(member.get("HealthStatus")).lower() == "healthy"
    ]


def in_motion(obj: Json) -> list[str]:
    """Which members of a group come, go or stand aside: ``i-0a1b is Pending:Wait``, sorted."""
    members = [(member.get("InstanceId"), member.get("LifecycleState")) for member in _members(obj)]
    return sorted(f"{name} is {state}" for name, state in members if state != IN_SERVICE)


def suspended(obj: Json) -> list[str]:
    """The processes of a group that are suspended, sorted."""
    found = obj.get("SuspendedProcesses")
    names = [one.get("ProcessName") for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    return sorted(name for name in names if isinstance(name, str))


def born(text: Any) -> datetime:
    """A time as AWS writes it, in UTC.

    Raises:
        ValueError: it is none.
    """
    moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    if moment is None or moment.tzinfo is None:
        raise ValueError(f"{text!r} is no time")
    return moment.astimezone(UTC)


def at(obj: Json, path: str) -> Any:
    """What stands at a dotted path; None where the path ends early."""
    value: Any = obj
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _members(obj: Json) -> list[dict[str, Any]]:
    found = obj.get("Instances")
    return [member for member in found if isinstance(member, dict)] if isinstance(found, list) else []


def _whole(raw: Any, name: str, since: str, more: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise ValueError("no object")
    missing = [path for path in (name, *more) if not isinstance(at(raw, path), str) or not at(raw, path)]
    if missing:
        raise ValueError(f"no {', '.join(missing)}")
    born(raw.get(since))
    return {**raw, "Tags": _tags(raw.get("Tags", []))}


def _tags(raw: Any) -> dict[str, str]:
    if not isinstance(raw, list) or not all(isinstance(tag, dict) for tag in raw):
        raise ValueError("its tags are no list")
    pairs = [(tag.get("Key"), tag.get("Value", "")) for tag in raw]
    if not all(isinstance(key, str) and isinstance(value, str) for key, value in pairs):
        raise ValueError("one of its tags has no key")  # it could be the opt-out
    return {str(key): str(value) for key, value in pairs}
