"""Extended XYZ → rows of numbers → arrays of many frames."""
