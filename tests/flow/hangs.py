"""A module whose import lasts until it is let go."""

from tests.flow.odd import LET_GO

LET_GO.wait()
