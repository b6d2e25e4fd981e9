#!/bin/bash
# netflowize export --into parquet: what DuckDB reads back is what was stored.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=$(realpath "${BUILD:-build}")
if ! scripts/duckdb "$build/duckdb"; then
	echo "SKIPPED: no libduckdb"
	exit 77
fi
exec python3 tests/cli/parquet.py "$build"
