"""Who has stopped the fleet: one file a source, and what joins them: halted if any of them says so."""
