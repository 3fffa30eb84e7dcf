"""The one Java class that Debezium's wheel lacks, written without a compiler.

Kafka Connect's REST server needs Jetty 12's `SecurityHandler`; the wheel ships the jetty-security of Jetty 9, whose
class of that name extends one that is gone. It is loaded but never used, so an empty one, first on the class path,
will do.
"""

import struct
from pathlib import Path

_NAME = "org/eclipse/jetty/security/SecurityHandler"
_SUPERCLASS = "org/eclipse/jetty/server/Handler$Wrapper"
_MAGIC = 0xCAFEBABE
_JAVA_17 = 61
_UTF8 = 1
_CLASS = 7
_PUBLIC_ABSTRACT_SUPER = 0x0421


def write_stub(folder: Path) -> None:
    """Write the class below `folder`, to be put on the class path."""
    target = folder / f"{_NAME}.class"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(class_file(_NAME, _SUPERCLASS))


def class_file(name: str, superclass: str) -> bytes:
    """Return a public abstract class without members (Java Virtual Machine Specification, chapter 4)."""
    constants = b"".join(
        struct.pack(">BH", _UTF8, len(text)) + text.encode("ascii") + struct.pack(">BH", _CLASS, index)
        for index, text in ((1, name), (3, superclass))
    )
    header = struct.pack(">IHHH", _MAGIC, 0, _JAVA_17, 5)
    # This class, its superclass, and no interfaces, fields, methods, attributes.
    body = struct.pack(">HHHHHHH", _PUBLIC_ABSTRACT_SUPER, 2, 4, 0, 0, 0, 0)
    return header + constants + body
