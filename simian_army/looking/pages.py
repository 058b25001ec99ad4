"""Does a health page say that all is well?"""

from __future__ import annotations

from dataclasses import dataclass

from simian_army.looking.server import Server, redirected
from simian_army.model import Target
from simian_army.sights import Question, Sight


@dataclass(frozen=True, slots=True)
class Page:
    """A page that must be answered with one of ``statuses`` and whose text must hold ``contains``."""

    server: Server
    statuses: tuple[int, ...] = (200,)
    contains: str = ""

    @property
    def shared(self) -> bool:
        return True

    @property
    def where(self) -> str:
        """How it is called."""
        return f"health page {self.server.host}"

    def about(self, target: Target) -> Question | Sight:
        del target  # a URL is config's alone
        key = ("http", self.server.url, str(self.statuses), self.contains)
        return Question(key, self.where, self.server.timeout, self._ask)

    def _ask(self) -> Sight:
        reply = self.server.get("")
        wanted = " or ".join(map(str, self.statuses))
        if reply.status not in self.statuses:
            told = redirected(reply) if reply.location else f"it answers {reply.status}"
            return Sight(fine=False, words=f"{self.where}: {told}; {wanted} is asked for")
        if self.contains and self.contains not in reply.body.decode(errors="replace"):
            words = f"{self.where}: its answer {reply.status} does not contain {self.contains!r}"
            return Sight(fine=False, words=words)
        return Sight(fine=True, words=f"{self.where}: it answers {reply.status}")
