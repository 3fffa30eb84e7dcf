"""`topicsnap demo`: a gateway in front of a real Debezium of its own, or of a simulated one where that cannot run.

May import the sandbox, which nothing else of the gateway does; only the command `demo` imports this.
"""
