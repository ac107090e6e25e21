//! The relay's own check of a bundle, for the control plane, for CI, and for anyone before a push.
