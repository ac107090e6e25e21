"""A model of configuration in large fleets, as discrete events: who waits for whom, and what is busy first.

`constants` says what each step costs and where that figure comes from; `station` is a queue before servers; `path` is a
change on its way to each node; `herd` is what follows the restart of an API server; `pull` is a fleet without
Kubernetes; `capacity` is the arithmetic of what is busy how much. `probe` and `apiserver` measure constants.
"""
