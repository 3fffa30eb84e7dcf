"""Which channel a connector is signalled by."""

import pytest

from snapshots.channels import SignalChannelKind
from snapshots.engines.debezium.signal_channels.registration import choose_channel

POSTGRES = {
    "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
    "topic.prefix": "shop",
    "signal.data.collection": "public.debezium_signal",
}
MYSQL = {**POSTGRES, "connector.class": "io.debezium.connector.mysql.MySqlConnector"}
BOTH = {"signal.enabled.channels": " source , kafka "}
KAFKA = {"signal.enabled.channels": "kafka"}


@pytest.mark.parametrize(
    ("config", "reference", "channel"),
    [
        pytest.param(POSTGRES, "env:SHOP", SignalChannelKind.SOURCE_TABLE, id="source is the default"),
        pytest.param(POSTGRES, None, None, id="no credentials"),
        pytest.param({**POSTGRES, **BOTH}, "env:SHOP", SignalChannelKind.SOURCE_TABLE, id="both, with credentials"),
        pytest.param({**POSTGRES, **BOTH}, None, SignalChannelKind.KAFKA, id="both, without credentials"),
        pytest.param({**POSTGRES, **BOTH, "read.only": "TRUE"}, "env:SHOP", SignalChannelKind.KAFKA, id="reads only"),
        pytest.param({**POSTGRES, **KAFKA}, "env:SHOP", SignalChannelKind.KAFKA, id="kafka alone"),
        pytest.param({**POSTGRES, "signal.data.collection": " "}, "env:SHOP", None, id="no table"),
        pytest.param(MYSQL, "env:SHOP", None, id="a dialect whose tables we do not write"),
        pytest.param({**MYSQL, **BOTH}, "env:SHOP", SignalChannelKind.KAFKA, id="the same, with kafka"),
        pytest.param({**KAFKA, "connector.class": POSTGRES["connector.class"]}, None, None, id="no prefix, no topic"),
        pytest.param(
            {"connector.class": "example.Source", **KAFKA, "topic.prefix": "p"}, None, None, id="not Debezium"
        ),
        pytest.param({**POSTGRES, "signal.enabled.channels": "jmx,file"}, "env:SHOP", None, id="other channels"),
    ],
)
def test_the_channel_to_signal_by(
    config: dict[str, str], reference: str | None, channel: SignalChannelKind | None
) -> None:
    assert choose_channel(config, reference) is channel
