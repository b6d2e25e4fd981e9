explain nfz-e101 -o ndjson
