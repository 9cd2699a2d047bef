"""How often the gate is wrong: recordings of many processes, and its decision replayed on them."""
