"""The GraphQL endpoint: requests read, documents prepared, operations run, and every transport of an answer."""
