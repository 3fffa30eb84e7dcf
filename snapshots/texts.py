"""Which texts can be stored and sent."""


def is_storable(text: str) -> bool:
    """Whether `text` can be stored in PostgreSQL and sent as UTF-8: no NUL, no unpaired surrogate."""
    try:
        text.encode()  # much faster than to look at each character, and large filters hold many
    except UnicodeEncodeError:
        return False
    return "\x00" not in text
