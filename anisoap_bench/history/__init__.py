"""Which commit changed which benchmark, from pairs of processes of neighbouring commits that take turns."""
