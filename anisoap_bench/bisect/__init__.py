"""Which commit changed a benchmark: a bisection by probability, over pairs of processes that take turns."""
