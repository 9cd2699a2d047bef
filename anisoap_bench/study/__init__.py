"""The optimisation study."""

COMMANDS = {
    "run": ("anisoap_bench.study.run", "time files with one backend, into a JSON file"),
    "aggregate": ("anisoap_bench.study.aggregate", "JSON files into tables"),
    "scaling": ("anisoap_bench.study.scaling", "how the time grows with species, particles and neighbours"),
    "plot": ("anisoap_bench.study.plot", "tables into figures"),
    "profile": ("anisoap_bench.study.profile", "where a backend's time goes: cProfile, py-spy or Torch's profiler"),
    "validate": ("anisoap_bench.study.validate", "descriptors of all backends checked against the reference"),
    "submit": ("anisoap_bench.study.submit", "the files that send the study to an HTCondor pool"),
    "all": ("anisoap_bench.study.everything", "everything, for every installed backend, into results/"),
}
