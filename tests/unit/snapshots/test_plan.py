"""A job's refusal: the first one stands."""

from snapshots.plan import Refusal, SourceJob
from snapshots.vocabulary import SnapshotErrorCode
from tests.support.factories import make_source


def test_a_refused_job_is_a_new_one() -> None:
    job = SourceJob(make_source(), (), ())

    refused = job.refused(Refusal(SnapshotErrorCode.CONNECTOR_NOT_RUNNING, "It is paused.", retryable=True))

    assert job.refusal is None
    assert refused.refusal is not None
    assert (refused.refusal.code, refused.refusal.message) == (SnapshotErrorCode.CONNECTOR_NOT_RUNNING, "It is paused.")
    assert refused.refusal.retryable


def test_the_first_refusal_stays() -> None:
    job = SourceJob(make_source(), (), ()).refused(
        Refusal(SnapshotErrorCode.SIGNAL_REJECTED, "Too long.", retryable=False)
    )

    assert job.refused(Refusal(SnapshotErrorCode.CONNECTOR_NOT_FOUND, "Gone.", retryable=True)) == job
