"""The optimisation study: run, aggregate, scaling, stages, plot, profile, validate, submit; `all` does them in turn."""
