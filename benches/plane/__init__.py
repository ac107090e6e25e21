"""What `benches.control` measures with: a real control plane, a long history, watchers, clients that behave badly."""
