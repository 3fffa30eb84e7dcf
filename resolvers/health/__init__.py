"""Operations that check whether sources can take snapshots."""
