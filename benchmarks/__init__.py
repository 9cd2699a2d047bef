"""The asv suite, and what every harness of this repository shares: workloads and measures.

asv imports this folder alone and runs it against any commit's wheel, so it uses only the public API of `anisoap_opt`
and imports nothing else of the repository.
"""
