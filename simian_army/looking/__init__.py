"""Both ways: what is asked of monitoring and health pages, how, and for how long an answer counts."""
