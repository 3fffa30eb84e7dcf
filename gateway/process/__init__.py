"""One process from start to stop: sockets, uvicorn, connections that hang, graceful ends."""
