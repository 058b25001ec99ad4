"""What a plug-in author imports: the nouns and protocols of Simian Army, and its errors."""

from simian_army.contract import FaultKind, Guard, Monkey, Platform
from simian_army.errors import Conflict, Forbidden, Gone, PlatformError, Refused, SimianError, Unknown
from simian_army.extras import EndsAlone
from simian_army.model import (
    AuditEvent,
    Evidence,
    Fault,
    Finding,
    Halt,
    Health,
    Identity,
    Json,
    Level,
    Mark,
    Needs,
    Phase,
    Scene,
    Selector,
    Target,
    Verdict,
)
from simian_army.notice import Notice, Notifier
from simian_army.pace import Pace
from simian_army.ports import AwsPort, KubernetesPort, ToxiproxyPort
from simian_army.standing import Attempt

__all__ = [
    "Attempt",
    "AuditEvent",
    "AwsPort",
    "Conflict",
    "EndsAlone",
    "Evidence",
    "Fault",
    "FaultKind",
    "Finding",
    "Forbidden",
    "Gone",
    "Guard",
    "Halt",
    "Health",
    "Identity",
    "Json",
    "KubernetesPort",
    "Level",
    "Mark",
    "Monkey",
    "Needs",
    "Notice",
    "Notifier",
    "Pace",
    "Phase",
    "Platform",
    "PlatformError",
    "Refused",
    "Scene",
    "Selector",
    "SimianError",
    "Target",
    "ToxiproxyPort",
    "Unknown",
    "Verdict",
]
