"""The optimisation study, the history with its dashboard, and the pull-request gate; run from a checkout."""
