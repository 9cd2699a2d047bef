"""Everything that is the same for all pairs: radial functions, solid harmonics, and the matrices B_l that join them."""
