"""Where targets live: one adapter a platform."""
