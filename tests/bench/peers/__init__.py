"""What people use elsewhere to cut footage into clips, each in an environment of its own.

A peer is a module with one function, `contenders()`. It installs its tool on demand from a lock file in `infra/locks`,
and runs itself inside that environment (`python -m tests.bench.peers.NAME`), so that no library of theirs is in ours.
A tool that cannot be had or does not run is a contender too: one that says why.

All of them cut clips and nothing else: no rendition of the whole, no thumbnails, no numbers, no provenance.
"""
