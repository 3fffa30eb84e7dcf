"""Running operations, by whichever transport they came."""

import logging
from asyncio import timeout
from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing

from graphql import GraphQLError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from gateway.graphql.repeats import without_repeats
from gateway.graphql.request import GraphQLRequest
from gateway.http.responses import RequestRefusedError
from resolvers.cancellation import contain
from resolvers.principal import Principal
from resolvers.services import Services
from schema.assembly import TopicsnapSchema
from schema.context import RequestContext
from schema.errors import mask

logger = logging.getLogger(__name__)

ALL_TYPES = frozenset(OperationType)


class SubscriptionAskedError(Exception):
    """The operation is a subscription, which has many answers."""


class Operations:
    """Runs the operations of one schema, each with a context of its own."""

    def __init__(self, schema: TopicsnapSchema, services: Services, *, timeout_seconds: float) -> None:
        """Run on `schema` over `services`; a query or a mutation has `timeout_seconds`."""
        self._schema = schema
        self._services = services
        self._timeout_seconds = timeout_seconds

    async def execute(
        self, asked: GraphQLRequest, principal: Principal, request_id: str, allowed: Collection[OperationType]
    ) -> ExecutionResult:
        """Run a query or a mutation.

        Raises SubscriptionAskedError, and RequestRefusedError for what is not `allowed`, takes too long, or cannot be
        told from the document.
        """
        try:
            async with timeout(self._timeout_seconds):
                return await contain(
                    self._schema.execute(
                        asked.query,
                        variable_values=dict(asked.variables),
                        operation_name=asked.operation_name,
                        context_value=RequestContext.make(self._services, principal, request_id),
                        allowed_operation_types=set(allowed) - {OperationType.SUBSCRIPTION},
                    )
                )
        except InvalidOperationTypeError as error:
            if error.operation_type is OperationType.SUBSCRIPTION:
                raise SubscriptionAskedError from None
            raise RequestRefusedError(405, "Mutations are sent by POST.", {"Allow": "POST"}) from None
        except CannotGetOperationTypeError as error:
            raise RequestRefusedError(400, error.as_http_error_reason()) from None
        except TimeoutError:
            logger.warning("request %s: the operation took longer than it may", request_id)
            message = (
                f"No answer within {self._timeout_seconds:g} s. A mutation that has begun goes on: "
                "ask the ledger, or ask again with the same idempotency key."
            )
            raise RequestRefusedError(504, message) from None

    def stream(
        self,
        asked: GraphQLRequest,
        principal: Principal,
        request_id: str,
        allowed: Collection[OperationType] = ALL_TYPES,
    ) -> AsyncGenerator[ExecutionResult, None]:
        """Yield the results of any operation: one of a query or a mutation, any number of a subscription.

        What nobody foresaw is logged, and the last result.
        """
        return _masked(self._stream(asked, principal, request_id, allowed), request_id)

    def subscribe(
        self, asked: GraphQLRequest, principal: Principal, request_id: str
    ) -> AsyncGenerator[ExecutionResult, None]:
        """Yield the results of a subscription, each different from the one before; the last one always.

        What nobody foresaw is logged, and the last result.
        """
        return _masked(self._subscribe(asked, principal, request_id), request_id)

    async def _stream(
        self, asked: GraphQLRequest, principal: Principal, request_id: str, allowed: Collection[OperationType]
    ) -> AsyncGenerator[ExecutionResult, None]:
        try:
            result = await self.execute(asked, principal, request_id, allowed)
        except RequestRefusedError as error:
            result = ExecutionResult(data=None, errors=[GraphQLError(error.message)])
        except SubscriptionAskedError:
            async with aclosing(self._subscribe(asked, principal, request_id)) as results:
                async for one in results:
                    yield one
            return
        yield result

    async def _subscribe(
        self, asked: GraphQLRequest, principal: Principal, request_id: str
    ) -> AsyncGenerator[ExecutionResult, None]:
        results = await self._schema.subscribe(
            asked.query,
            variable_values=dict(asked.variables),
            operation_name=asked.operation_name,
            context_value=RequestContext.make(self._services, principal, request_id),
        )
        async with aclosing(without_repeats(results)) as different:
            async for result in different:
                yield result


async def _masked(
    results: AsyncGenerator[ExecutionResult, None], request_id: str
) -> AsyncGenerator[ExecutionResult, None]:
    """Yield `results`; what they raise is one more, as clients may see it."""
    async with aclosing(results):
        while True:
            try:
                result = await contain(anext(results, None))
            except Exception as error:  # noqa: BLE001 - it is logged where it is masked
                yield ExecutionResult(data=None, errors=[mask(error, request_id)])
                return
            if result is None:
                return
            yield result
