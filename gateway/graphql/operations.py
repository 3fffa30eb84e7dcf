"""Running operations, by whichever transport they came."""

from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing

from graphql import GraphQLError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from gateway.endpoints import Caller, Endpoints, SubscriptionAskedError
from gateway.graphql.repeats import without_repeats
from gateway.graphql.request import GraphQLRequest
from gateway.http.responses import RequestRefusedError
from resolvers.services import Services
from schema.assembly import TopicsnapSchema
from schema.context import RequestContext
from schema.errors import mask
from snapshots.cancellation import contain

ALL_TYPES = frozenset(OperationType)


class Operations:
    """Runs the operations of one schema, each with a context of its own."""

    def __init__(self, schema: TopicsnapSchema, services: Services, endpoints: Endpoints) -> None:
        """Run on `schema` over `services`, by way of `endpoints`."""
        self._schema = schema
        self._services = services
        self._endpoints = endpoints

    async def execute(
        self, asked: GraphQLRequest, caller: Caller, allowed: Collection[OperationType]
    ) -> ExecutionResult:
        """Run a query or a mutation.

        Raises SubscriptionAskedError, and RequestRefusedError for what is not `allowed`, takes too long, or cannot be
        told from the document.
        """
        return await self._endpoints.run(caller, self._execute(asked, caller, allowed))

    async def _execute(
        self, asked: GraphQLRequest, caller: Caller, allowed: Collection[OperationType]
    ) -> ExecutionResult:
        try:
            return await self._schema.execute(
                asked.query,
                variable_values=dict(asked.variables),
                operation_name=asked.operation_name,
                context_value=self._context(caller),
                allowed_operation_types=set(allowed) - {OperationType.SUBSCRIPTION},
            )
        except InvalidOperationTypeError as error:
            if error.operation_type is OperationType.SUBSCRIPTION:
                raise SubscriptionAskedError from None
            raise RequestRefusedError(405, "Mutations are sent by POST.", {"Allow": "POST"}) from None
        except CannotGetOperationTypeError as error:
            raise RequestRefusedError(400, error.as_http_error_reason()) from None

    def stream(
        self,
        asked: GraphQLRequest,
        caller: Caller,
        allowed: Collection[OperationType] = ALL_TYPES,
    ) -> AsyncGenerator[ExecutionResult, None]:
        """Yield the results of any operation: one of a query or a mutation, any number of a subscription.

        An unexpected error is logged, and is the last result.
        """
        return _masked(self._stream(asked, caller, allowed), caller.request_id)

    def subscribe(self, asked: GraphQLRequest, caller: Caller) -> AsyncGenerator[ExecutionResult, None]:
        """Yield the results of a subscription, each different from the one before; the last one always.

        An unexpected error is logged, and is the last result.
        """
        return _masked(self._endpoints.stream(caller, self._subscribe(asked, caller)), caller.request_id)

    async def _stream(
        self, asked: GraphQLRequest, caller: Caller, allowed: Collection[OperationType]
    ) -> AsyncGenerator[ExecutionResult, None]:
        try:
            result = await self.execute(asked, caller, allowed)
        except RequestRefusedError as error:
            result = ExecutionResult(data=None, errors=[GraphQLError(error.message)])
        except SubscriptionAskedError:
            async with aclosing(self._endpoints.stream(caller, self._subscribe(asked, caller))) as results:
                async for one in results:
                    yield one
            return
        yield result

    async def _subscribe(self, asked: GraphQLRequest, caller: Caller) -> AsyncGenerator[ExecutionResult, None]:
        results = await self._schema.subscribe(
            asked.query,
            variable_values=dict(asked.variables),
            operation_name=asked.operation_name,
            context_value=self._context(caller),
        )
        async with aclosing(without_repeats(results)) as different:
            async for result in different:
                yield result

    def _context(self, caller: Caller) -> RequestContext:
        return RequestContext.make(self._services, caller.principal, caller.request_id)


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
