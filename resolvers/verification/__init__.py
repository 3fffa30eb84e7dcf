"""Operations that verify what arrived."""
