"""Running operations, by whichever transport they came."""

import logging
from asyncio import timeout
from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing

from graphql import GraphQLError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from gateway.graphql.request import GraphQLRequest
from gateway.http.responses import RequestRefusedError
from resolvers.principal import Principal
from resolvers.services import Services
from schema.assembly import TopicsnapSchema
from schema.context import RequestContext

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
                return await self._schema.execute(
                    asked.query,
                    variable_values=dict(asked.variables),
                    operation_name=asked.operation_name,
                    context_value=RequestContext.make(self._services, principal, request_id),
                    allowed_operation_types=set(allowed) - {OperationType.SUBSCRIPTION},
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

    async def stream(
        self,
        asked: GraphQLRequest,
        principal: Principal,
        request_id: str,
        allowed: Collection[OperationType] = ALL_TYPES,
    ) -> AsyncGenerator[ExecutionResult, None]:
        """Yield the results of any operation: one of a query or a mutation, any number of a subscription."""
        try:
            result = await self.execute(asked, principal, request_id, allowed)
        except RequestRefusedError as error:
            result = ExecutionResult(data=None, errors=[GraphQLError(error.message)])
        except SubscriptionAskedError:
            async with aclosing(self.subscribe(asked, principal, request_id)) as results:
                async for one in results:
                    yield one
            return
        yield result

    async def subscribe(
        self, asked: GraphQLRequest, principal: Principal, request_id: str
    ) -> AsyncGenerator[ExecutionResult, None]:
        """Yield the results of a subscription."""
        results = await self._schema.subscribe(
            asked.query,
            variable_values=dict(asked.variables),
            operation_name=asked.operation_name,
            context_value=RequestContext.make(self._services, principal, request_id),
        )
        async with aclosing(results):
            async for result in results:
                yield result
