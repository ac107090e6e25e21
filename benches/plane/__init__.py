"""What `benches.control` measures with: a real control plane, a long history, watchers, and clients that behave badly."""
