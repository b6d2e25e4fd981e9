#!/bin/bash
# netflowize export --into clickhouse://: every flow is in the table once,
# whatever happens to the server, the connection or the sender, to the byte.
set -u
cd "$(dirname "$0")/../.." || exit 1
exec python3 tests/cli/clickhouse.py "$(realpath "${BUILD:-build}")"
