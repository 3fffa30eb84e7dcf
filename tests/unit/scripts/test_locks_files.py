"""Reading the files of locks/, and splitting one resolution into them."""

from pathlib import Path

from scripts.installing.locks import Size, read_entries, read_lock, size_line
from scripts.locking import split

TEXT = """# a remark
some.name[extra]==1.0 ; sys_platform == 'linux' \\
    --hash=sha256:aa \\
    --hash=sha256:bb
    # via other
other==2.0rc1 \\
    --hash=sha256:cc
"""


def test_reads_names_versions_and_markers() -> None:
    first, second = read_entries(TEXT)
    assert (first.name, first.version, first.text.count("--hash")) == ("some-name", "1.0", 2)
    assert first.requirement == "some.name[extra]==1.0 ; sys_platform == 'linux'"
    assert (second.name, second.version, second.requirement) == ("other", "2.0rc1", "other==2.0rc1")


def test_reads_the_size_that_was_written(tmp_path: Path) -> None:
    size = Size(2, 12, 34)
    (tmp_path / "dev.txt").write_text(f"{size_line('Linux x86_64, Python 3.11', size)}\n{TEXT}")
    lock = read_lock(tmp_path / "dev.txt")
    assert (lock.group, lock.size) == ("dev", size)


def test_a_lock_that_says_no_size_counts_its_packages(tmp_path: Path) -> None:
    (tmp_path / "dev.txt").write_text(TEXT)
    assert read_lock(tmp_path / "dev.txt").size == Size(2, 0, 0)


def test_the_checksum_is_that_of_what_is_locked(tmp_path: Path) -> None:
    path = tmp_path / "dev.txt"
    path.write_text(TEXT)
    before = read_lock(path).checksum
    path.write_text("# another remark\n" + TEXT)
    assert read_lock(path).checksum == before
    path.write_text(TEXT.replace("sha256:cc", "sha256:dd"))
    assert read_lock(path).checksum != before


def test_split_puts_each_package_where_it_is_needed_first() -> None:
    every = read_entries("\n".join(f"{name}==1 \\\n    --hash=sha256:aa" for name in ("a", "b", "c", "d", "e")))
    needed = {"runtime": {"a"}, "build": {"a", "b", "d"}, "sandbox": {"a", "c", "d"}}
    found = {group: [entry.name for entry in entries] for group, entries in split(every, needed).items()}
    assert found == {"runtime": ["a"], "build": ["b", "d"], "sandbox": ["c", "d"], "dev": ["e"]}
