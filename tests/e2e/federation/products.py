"""The products subgraph of Apollo's compatibility tests, served by our view: python -m tests.e2e.federation.products.

What the tests expect of it is in products.graphql of the npm package @apollo/federation-subgraph-compatibility-tests.
"""

import asyncio
import sys
from typing import Any
from unittest.mock import MagicMock

import strawberry
from strawberry.schema_directive import Location

from gateway.app import Parts, build_app
from gateway.auth.local import local_principal
from gateway.endpoints import Endpoints
from gateway.graphql.documents import Documents, PrepareDocument
from gateway.graphql.executor import PlainExecutor
from gateway.graphql.operations import Operations
from gateway.graphql.view import GraphQLApp
from gateway.http.app_route import AppRoute
from gateway.metrics import NoMetrics
from gateway.process.server import make_server
from gateway.process.sockets import listening, url_of
from gateway.routes import graphql_options
from gateway.settings import load
from schema.assembly import TopicsnapSchema


@strawberry.federation.schema_directive(
    locations=[Location.OBJECT], name="custom", compose=True, import_url="https://myspecs.dev/myCustomDirective/v1.0"
)
class Custom:
    pass


@strawberry.federation.type(extend=True, keys=["email"])
class User:
    email: strawberry.ID = strawberry.federation.field(external=True)
    name: str | None = strawberry.federation.field(override="users")
    total_products_created: int | None = strawberry.federation.field(external=True)
    years_of_employment: int = strawberry.federation.field(external=True)

    @strawberry.federation.field(requires=["totalProductsCreated yearsOfEmployment"])  # type: ignore[untyped-decorator]
    def average_products_created_per_year(self) -> int | None:
        return None if self.total_products_created is None else self.total_products_created // self.years_of_employment

    @classmethod
    def resolve_reference(
        cls,
        email: strawberry.ID,
        totalProductsCreated: int | None = None,  # noqa: N803 (the key of the representation)
        yearsOfEmployment: int = 10,  # noqa: N803 (the key of the representation)
    ) -> "User | None":
        return cls(
            email=email,
            name="Jane Smith",
            total_products_created=totalProductsCreated if totalProductsCreated is not None else 1337,
            years_of_employment=yearsOfEmployment,
        )


@strawberry.federation.type(shareable=True)
class ProductDimension:
    size: str | None = "small"
    weight: float | None = 1.0
    unit: str | None = strawberry.federation.field(default="kg", inaccessible=True)


@strawberry.type
class ProductVariation:
    id: strawberry.ID


@strawberry.type
class CaseStudy:
    case_number: strawberry.ID
    description: str | None = None


@strawberry.federation.type(keys=["study { caseNumber }"])
class ProductResearch:
    study: CaseStudy
    outcome: str | None = None

    @classmethod
    def resolve_reference(cls, study: dict[str, str]) -> "ProductResearch | None":
        return RESEARCH.get(study["caseNumber"])


@strawberry.federation.type(keys=["sku package"])
class DeprecatedProduct:
    sku: str
    package: str
    reason: str | None = "Migrate to Federation V2"

    @strawberry.field
    def created_by(self) -> User | None:
        return author()

    @classmethod
    def resolve_reference(cls, sku: str, package: str) -> "DeprecatedProduct | None":
        return deprecated(sku, package)


@strawberry.federation.type(keys=["id", "sku package", "sku variation { id }"], directives=[Custom()])
class Product:
    id: strawberry.ID
    sku: str | None
    package: str | None
    variation_id: strawberry.Private[str]
    case_number: strawberry.Private[str]
    dimensions: ProductDimension | None = strawberry.field(default_factory=ProductDimension)
    notes: str | None = strawberry.federation.field(default=None, tags=["internal"])

    @strawberry.field
    def variation(self) -> ProductVariation | None:
        return ProductVariation(id=strawberry.ID(self.variation_id))

    @strawberry.federation.field(provides=["totalProductsCreated"])  # type: ignore[untyped-decorator]
    def created_by(self) -> User | None:
        return author()

    @strawberry.field
    def research(self) -> list[ProductResearch]:
        return [RESEARCH[self.case_number]]

    @classmethod
    def resolve_reference(
        cls,
        id: str | None = None,
        sku: str | None = None,
        package: str | None = None,
        variation: dict[str, str] | None = None,
    ) -> "Product | None":
        for product in PRODUCTS:
            by_variation = variation is not None and variation["id"] == product.variation_id
            by_package = package is not None and package == product.package
            if id == product.id or (sku == product.sku and (by_package or by_variation)):
                return product
        return None


@strawberry.federation.interface_object(keys=["id"])
class Inventory:
    id: strawberry.ID

    @strawberry.field
    def deprecated_products(self) -> list[DeprecatedProduct]:
        return [DeprecatedProduct(sku="apollo-federation-v1", package="@apollo/federation-v1")]

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> "Inventory":
        return cls(id=id)


def author() -> User:
    return User(
        email=strawberry.ID("support@apollographql.com"),
        name="Jane Smith",
        total_products_created=1337,
        years_of_employment=10,
    )


def deprecated(sku: str, package: str) -> DeprecatedProduct | None:
    known = (sku, package) == ("apollo-federation-v1", "@apollo/federation-v1")
    return DeprecatedProduct(sku=sku, package=package) if known else None


RESEARCH = {
    "1234": ProductResearch(study=CaseStudy(case_number=strawberry.ID("1234"), description="Federation Study")),
    "1235": ProductResearch(study=CaseStudy(case_number=strawberry.ID("1235"), description="Studio Study")),
}
PRODUCTS = (
    Product(
        id=strawberry.ID("apollo-federation"),
        sku="federation",
        package="@apollo/federation",
        variation_id="OSS",
        case_number="1234",
    ),
    Product(id=strawberry.ID("apollo-studio"), sku="studio", package="", variation_id="platform", case_number="1235"),
)


@strawberry.type
class Query:
    @strawberry.field
    def product(self, id: strawberry.ID) -> Product | None:
        return Product.resolve_reference(id=id)

    @strawberry.field(deprecation_reason="Use product query instead")  # type: ignore[untyped-decorator]
    def deprecated_product(self, sku: str, package: str) -> DeprecatedProduct | None:
        return deprecated(sku, package)


def view() -> GraphQLApp:
    """Our view, with our limits, our documents' cache and our masking of errors, over the schema of the products."""
    settings = load()
    options = graphql_options(settings)
    endpoints = Endpoints(local_principal, NoMetrics(), timeout_seconds=settings.operation_timeout_seconds)
    documents = Documents(options.limits, introspection=True, suggestions=True)
    schema: Any = TopicsnapSchema(
        query=Query,
        types=[Inventory, ProductResearch, User],
        extensions=[lambda: PrepareDocument(documents)],
        execution_context_class=PlainExecutor,
        federation_version="2.3",  # the newest that the tests know
    )
    return GraphQLApp(Operations(schema, MagicMock(), endpoints), endpoints, options, asyncio.Event())


async def serve() -> None:
    """Serve on a free port of 127.0.0.1, and print the URL."""
    with listening("127.0.0.1", 0) as listener:

        def ready() -> None:
            sys.stdout.write(f"{url_of(listener)}/graphql\n")
            sys.stdout.flush()

        app = build_app(Parts(routes=[AppRoute("/graphql", view())]))
        await make_server(app, ready=ready, shutdown_seconds=1, message_limit_bytes=1_048_576).run_until_cancelled(
            listener
        )


if __name__ == "__main__":
    asyncio.run(serve())
