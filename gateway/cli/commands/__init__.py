"""The commands of `topicsnap`, one a module: each parses its options, asks or opens what it needs, and prints."""
