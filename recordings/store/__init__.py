"""Where finished recordings lie: one interface, and what stands behind it."""
