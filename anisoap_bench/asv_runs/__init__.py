"""``asv run`` over commits: the run itself, what came of it, and the table of HEAD."""
