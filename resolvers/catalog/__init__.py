"""Operations that change the catalogue."""
