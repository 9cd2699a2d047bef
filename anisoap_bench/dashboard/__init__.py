"""asv's results as pages that need no network: asv's own, with local copies of their libraries, and a landing page."""
