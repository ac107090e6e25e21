"""What Kubernetes has to do with it.

`crd` is ConfigBundle as a resource, `configmap` bundles as files in a ConfigMap, `receiver` tells Flux of commits.
"""
