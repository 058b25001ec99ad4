"""How it goes: what an agent counts, whether it is well, and the small server that says so."""
