"""From the atoms of many frames to their molecules: which atoms, made whole, with axes and sizes."""
