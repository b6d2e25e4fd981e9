query clickhouse://127.0.0.1:9/x --explain
