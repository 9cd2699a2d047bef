"""AniSOAP descriptors of ellipsoidal particles, fast, on several backends."""
