"""What was decided: the event log, its exact replay, and what other settings would have made of it."""
