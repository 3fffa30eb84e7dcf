"""What the Makefile runs before anything is installed: the standard library alone. Nothing else imports it."""
