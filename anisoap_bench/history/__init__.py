"""asv over many commits: which ones, the run itself, and what came of it."""
