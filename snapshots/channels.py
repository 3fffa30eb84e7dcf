"""The channels that carry signals to Debezium, and the properties of each: defined here once, for all callers."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class SignalChannelKind(StrEnum):
    """What carries a signal to Debezium."""

    SOURCE_TABLE = "SOURCE_TABLE"
    KAFKA = "KAFKA"
    RECORDING = "RECORDING"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelTraits:
    """The properties of a channel. The defaults are those of no channel at all."""

    description: str = "No channel."
    """A sentence for the API's documentation."""
    word: str | None = None
    """Debezium's word for it, in `signal.enabled.channels`; None where no connector has to enable it."""
    manner: str = ""
    """How a connector is signalled, for people: `Topicsnap signals it …`."""
    uses_table: bool = False
    """Whether it writes the signal table, which needs credentials for the source's database."""
    uses_topic: bool = False
    """Whether it writes the signal topic; its receipts end in `@` and the offset."""
    data_limit: int | None = None
    """Longest `data` in characters; None if the signal table determines it."""
    is_simulated: bool = False
    """Whether there is no engine behind it, so that the result of every snapshot is always reported."""


NO_CHANNEL = ChannelTraits()
TRAITS: Mapping[SignalChannelKind, ChannelTraits] = {
    SignalChannelKind.SOURCE_TABLE: ChannelTraits(
        description="The signal table in the source database.",
        word="source",
        manner="through its signal table",
        uses_table=True,
    ),
    SignalChannelKind.KAFKA: ChannelTraits(
        description="The signal topic on Kafka.",
        word="kafka",
        manner="over Kafka",
        uses_topic=True,
        data_limit=500_000,  # with up to 2 bytes each still below Kafka's default of 1 MiB
    ),
    SignalChannelKind.RECORDING: ChannelTraits(
        description="No channel at all: the engine is simulated, and signals are only written down.",
        manner="not at all",
        data_limit=500_000,
        is_simulated=True,
    ),
}


def traits_of(kind: SignalChannelKind | None) -> ChannelTraits:
    """Return the properties of the channel; NO_CHANNEL for None."""
    return NO_CHANNEL if kind is None else TRAITS[kind]
