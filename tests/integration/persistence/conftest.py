"""A catalogue to read and to change."""

import pytest

from persistence.catalog import Catalog
from persistence.catalog_writer import CatalogWriter
from persistence.database import Database


@pytest.fixture
def catalog(database: Database) -> Catalog:
    return Catalog(database)


@pytest.fixture
def writer(database: Database) -> CatalogWriter:
    return CatalogWriter(database)
