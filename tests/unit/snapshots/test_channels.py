"""What signal channels are like."""

from snapshots.channels import NO_CHANNEL, TRAITS, SignalChannelKind, traits_of


def test_every_channel_has_its_traits() -> None:
    assert set(TRAITS) == set(SignalChannelKind)
    assert all(traits_of(kind) is not NO_CHANNEL for kind in SignalChannelKind)
    assert traits_of(None) is NO_CHANNEL


def test_only_the_signal_table_itself_says_how_long_a_signal_may_be() -> None:
    for traits in TRAITS.values():
        assert (traits.data_limit is None) is traits.uses_table
