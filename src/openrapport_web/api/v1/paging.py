"""Lists come in pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from pydantic import BaseModel, Field

__all__ = ["Paging", "page_of"]

T = TypeVar("T", bound=Model)


class Paging(BaseModel):
    """Which page of a list, and how long a page is."""

    page: int = Field(1, ge=1, le=10_000)
    per_page: int = Field(50, ge=1, le=200)

    @property
    def rows(self) -> slice:
        """Which rows of all that is."""
        return slice((self.page - 1) * self.per_page, self.page * self.per_page)


def page_of(found: QuerySet[T], asked: Paging, show: Callable[[T], Any]) -> dict[str, Any]:
    """Give one page of what was found, and how many there are in all."""
    return {"items": [show(record) for record in found[asked.rows]], "count": found.count()}
