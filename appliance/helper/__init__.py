"""The few root verbs: fixed, typed and checked, spoken to by the supervisor only."""
