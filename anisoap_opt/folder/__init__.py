"""Data sets too large for the memory: frames in, blocks of features out, in a folder that a killed run can continue."""
