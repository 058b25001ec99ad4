"""A small toxiproxy for the embedded world."""

from simian_army.embedded.toxi.server import ToxiServer, Write
from simian_army.embedded.toxi.shop import Backend, seconds

__all__ = ["Backend", "ToxiServer", "Write", "seconds"]
