"""Lines of the log: what each is about (`context`), how it is written (`formats`), and what none
may hold (`redaction`)."""
