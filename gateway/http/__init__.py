"""What every HTTP request passes, whatever it asks for: ids, limits, hosts, headers, pages and health."""
