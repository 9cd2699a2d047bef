"""What a file of ellipsoids holds, before anything is computed."""
