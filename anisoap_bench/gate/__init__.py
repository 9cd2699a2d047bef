"""The pull-request gate: two commits measured in alternation, and a verdict whose error rates are measured too."""
