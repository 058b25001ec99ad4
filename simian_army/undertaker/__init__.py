"""Who ends a held fault when its agent cannot: records outside the agent, and a small process that obeys them."""
