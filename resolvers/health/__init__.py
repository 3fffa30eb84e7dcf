"""Operations that look whether sources can take snapshots."""
