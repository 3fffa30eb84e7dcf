"""Operations that follow snapshots and end them."""
