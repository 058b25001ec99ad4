"""Who is told: how an event becomes a notice, and how notices are sent without anybody waiting for them."""
