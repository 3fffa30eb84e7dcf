"""A catalogue to read and to change."""

import pytest

from persistence.catalog.reading import Catalog
from persistence.catalog.writing import CatalogWriter
from persistence.database.pool import Database


@pytest.fixture
def catalog(database: Database) -> Catalog:
    return Catalog(database)


@pytest.fixture
def writer(database: Database) -> CatalogWriter:
    return CatalogWriter(database)
