"""Questions in SQL: one SELECT of the rows of a catalogue, which can neither write nor read anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from motes.errors import MissingExtraError, ParameterError

if TYPE_CHECKING:
    import pyarrow

TABLE = "events"


def select(rows: Any, query: str) -> pyarrow.Table:
    """What a SELECT answers, of rows that are called `events`; ParameterError, one line, for anything else.

    DuckDB is given the rows and no access to files, so that neither COPY nor functions that read files work.
    """
    try:
        import duckdb
    except ImportError:
        raise MissingExtraError("SQL", "corpus") from None
    with duckdb.connect() as connection:
        connection.execute("SET enable_external_access = false")
        connection.register(TABLE, rows)
        connection.execute("SET lock_configuration = true")
        try:
            statements = connection.extract_statements(query)
            if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
                raise ParameterError(_refusal(statements, query))
            found = connection.sql(query)
            return found.to_arrow_table()
        except duckdb.Error as error:
            raise ParameterError(f"the query does not work: {_one_line(error)}") from None


def _refusal(statements: list[Any], query: str) -> str:
    if len(statements) != 1:
        return f"a query is one SELECT, and {query!r:.60} holds {len(statements)} statements"
    return f"a catalogue is only read: the query may be a SELECT, not {statements[0].type.name}"


def _one_line(error: Exception) -> str:
    """What DuckDB says, without its drawing of the place."""
    lines = [line.strip() for line in str(error).split("\n\nLINE ")[0].splitlines()]
    return " ".join(line for line in lines if line)


def quoted(value: str) -> str:
    """A text as SQL has it."""
    return "'" + value.replace("'", "''") + "'"
