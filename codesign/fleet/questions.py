"""What is asked of a collected set, as SQL that DuckDB runs over its Parquet files.

Costs per image come from the minutes that boards add up (`aggregate`), so that they cover every image; quantiles come
from single inferences, of which boards keep a sample. Energy counts only images whose energy was known.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from codesign.collect.store import Store
from runtime.contract.errors import ConfigError, DataError
from runtime.contract.telemetry_batch import AGGREGATE, COLUMNS, EVENT, INFERENCE

TABLES_TOLD = "edge-runtime telemetry schema; device_id, boot_id, board, date, seq and wall_us besides"
PER_MODE = """
    count(DISTINCT device_id) AS devices, sum(images)::BIGINT AS images, sum(refused)::BIGINT AS refused,
    sum(energy_uj) / nullif(sum(CASE WHEN energy_uj IS NOT NULL THEN energy_images END), 0) / 1e6 AS energy_j,
    sum(promised_uj) / nullif(sum(images), 0) / 1e6 AS promised_j,
    sum(run_us) / nullif(sum(images), 0) / 1e6 AS run_s, sum(promised_us) / nullif(sum(images), 0) / 1e6 AS promised_s,
    sum(board_uj) / nullif(sum(CASE WHEN board_uj IS NOT NULL THEN images END), 0) / 1e6 AS served_j,
    max(temperature_mc) / 1e3 AS hottest_c,
    string_agg(DISTINCT CASE WHEN energy_uj IS NOT NULL THEN coalesce(energy_kind, 'unknown') END, ', ') AS energy_kind
"""
QUESTIONS: Mapping[str, str] = {
    "boards": f"SELECT board, {PER_MODE}, max(wall_us) AS last_us FROM aggregate GROUP BY board ORDER BY board",  # noqa: S608 (ours)
    "modes": f"""
        SELECT bundle_id, mode, board, {PER_MODE}, max(wall_us) AS last_us
        FROM aggregate GROUP BY bundle_id, mode, board ORDER BY last_us DESC NULLS LAST, bundle_id, mode, board
    """,  # noqa: S608 (ours)
    "exits": """
        SELECT bundle_id, mode, board, exit_index, sum(taken)::BIGINT AS images FROM (
            SELECT bundle_id, mode, board, unnest(string_split(exits, ','))::BIGINT AS taken,
                unnest(range(len(string_split(exits, ',')))) AS exit_index FROM aggregate WHERE exits IS NOT NULL
        ) GROUP BY bundle_id, mode, board, exit_index ORDER BY bundle_id, mode, board, exit_index
    """,
    "days": """
        SELECT date, board, sum(images)::BIGINT AS images, count(DISTINCT device_id) AS devices,
            sum(energy_uj) / nullif(sum(CASE WHEN energy_uj IS NOT NULL THEN energy_images END), 0) / 1e6 AS energy_j,
            sum(promised_uj) / nullif(sum(images), 0) / 1e6 AS promised_j
        FROM aggregate GROUP BY date, board ORDER BY date, board
    """,
    "devices": """
        SELECT device_id, any_value(board) AS board, arg_max(bundle_id, seq) AS bundle_id, max(wall_us) AS last_us,
            sum(images)::BIGINT AS images, max(throttled)::BIGINT AS throttled,
            sum(energy_uj) / nullif(sum(CASE WHEN energy_uj IS NOT NULL THEN energy_images END), 0)
                / nullif(sum(promised_uj) / nullif(sum(images), 0), 0) AS energy_ratio,
            sum(run_us) / nullif(sum(promised_us), 0) AS latency_ratio
        FROM aggregate GROUP BY device_id ORDER BY last_us NULLS FIRST, device_id
    """,
    # Quantiles by counting logarithmic classes of 1 %: a pass over ten million rows, and nothing sorted.
    "latency": """
        WITH classes AS (
            SELECT board, mode, 'latency' AS what, round(100 * ln(latency_us))::INTEGER AS class, count(*) AS n
            FROM inference WHERE latency_us > 0 GROUP BY board, mode, class
            UNION ALL
            SELECT board, mode, 'energy', round(100 * ln(energy_uj))::INTEGER AS class, count(*)
            FROM inference WHERE energy_uj > 0 GROUP BY board, mode, class
        ), sums AS (
            SELECT *, sum(n) OVER (PARTITION BY board, mode, what ORDER BY class) AS below,
                sum(n) OVER (PARTITION BY board, mode, what) AS total FROM classes
        )
        SELECT board, mode, coalesce(max(total) FILTER (what = 'latency'), 0)::BIGINT AS inferences,
            exp(min(class) FILTER (what = 'latency' AND below >= 0.50 * total) / 100) / 1e6 AS p50_s,
            exp(min(class) FILTER (what = 'latency' AND below >= 0.99 * total) / 100) / 1e6 AS p99_s,
            exp(min(class) FILTER (what = 'energy' AND below >= 0.50 * total) / 100) / 1e6 AS p50_j
        FROM sums GROUP BY board, mode ORDER BY board, mode
    """,
    "events": """
        SELECT name, board, device_id, wall_us, bundle_id, mode, text FROM event
        ORDER BY wall_us DESC NULLS LAST, device_id, seq DESC LIMIT 200
    """,
}


def ask(store: Store, question: str) -> list[dict[str, Any]]:
    """The rows that answer a question, columns by name.

    Raises:
        ConfigError: no such question, or DuckDB is not installed.
        DataError: a file of the set cannot be read.
    """
    if question not in QUESTIONS:
        raise ConfigError(f"no question {question!r}", to_do=f"ask one of {', '.join(QUESTIONS)}")
    return ask_sql(store, QUESTIONS[question])


def ask_sql(store: Store, sql: str) -> list[dict[str, Any]]:
    """The same for any SELECT over the tables `aggregate`, `inference` and `event`. Raises as `ask` does."""
    try:
        import duckdb
    except ModuleNotFoundError as error:
        raise ConfigError("questions need DuckDB", to_do="pip install 'edge-codesign[collect]'") from error
    try:
        with duckdb.connect() as base:
            for row_class in (AGGREGATE, INFERENCE, EVENT):
                _view(base, store, row_class)
            found = base.execute(sql)
            names = [column[0] for column in found.description or ()]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    except (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException) as error:
        raise ConfigError(
            f"the question cannot be understood: {error}", to_do=f"see the columns: {TABLES_TOLD}"
        ) from error
    except duckdb.Error as error:
        raise DataError(
            f"the collected set does not answer: {error}", where=str(store.folder), to_do="check the store's files"
        ) from error


def _view(base: Any, store: Store, row_class: str) -> None:
    """A table of a class; without files, one without rows."""
    files = store.files(row_class)
    if files:
        listed = ", ".join("'" + str(path).replace("'", "''") + "'" for path in files)
        types = "hive_types = {'date': VARCHAR, 'board': VARCHAR}"
        reading = f"read_parquet([{listed}], hive_partitioning = true, union_by_name = true, {types})"
        source = f"SELECT * FROM {reading}"  # noqa: S608 (names of our own files, quoted)
    else:
        kinds = {"device_id": str, "boot_id": str, "board": str, "date": str, "seq": int, "wall_us": int}
        empty = ", ".join(
            f"NULL::{'BIGINT' if kind is int else 'VARCHAR'} AS {name}"
            for name, kind in {**kinds, **COLUMNS[row_class]}.items()
        )
        source = f"SELECT {empty} WHERE false"  # names are ours
    base.execute(f"CREATE VIEW {row_class} AS {source}")
