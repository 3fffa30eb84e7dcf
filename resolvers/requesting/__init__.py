"""Operations that send signals: plan, dispatch, retry, settle."""
