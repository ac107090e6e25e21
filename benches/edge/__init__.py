"""What `benches.edges` measures with: the rivals' servers, closed-loop HTTP, many WebSockets, memory."""
