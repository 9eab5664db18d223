"""One file for each experiment; `run(world)` raises AssertionError when something was lost."""
