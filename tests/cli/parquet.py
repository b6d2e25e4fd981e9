"""See parquet.sh."""
import csv, ctypes, os, resource, signal, subprocess, sys, tempfile

sys.path.insert(0, "tests/support")
sys.dont_write_bytecode = True
from expect import expect, finish

build = sys.argv[1]
top = tempfile.TemporaryDirectory()


def export(*words, library=f"{build}/duckdb", status=0, most=None):
    def limit():  # a disk that is full
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    out = subprocess.run([f"{build}/bin/netflowize", "export", *words], text=True, capture_output=True,
                         env={**os.environ, "LD_LIBRARY_PATH": library}, timeout=300,
                         preexec_fn=limit if most else None)
    if out.returncode != status:
        expect(" ".join(words), (out.returncode, out.stderr), status)
    return out.stderr


class Result(ctypes.Structure):
    _fields_ = [("counts", ctypes.c_uint64 * 3), ("columns", ctypes.c_void_p), ("error", ctypes.c_void_p),
                ("internal", ctypes.c_void_p)]


duckdb = ctypes.CDLL(f"{build}/duckdb/libduckdb.so")
duckdb.duckdb_result_error.restype = ctypes.c_char_p
database, connection = ctypes.c_void_p(), ctypes.c_void_p()
duckdb.duckdb_open(None, ctypes.byref(database))
duckdb.duckdb_connect(database, ctypes.byref(connection))


def sql(text):
    """Rows of text."""
    out, result = f"{top.name}/rows.csv", Result()
    if duckdb.duckdb_query(connection, f"COPY ({text}) TO '{out}' (FORMAT csv, HEADER false)".encode(),
                           ctypes.byref(result)):
        sys.exit(f"FAILED: {text}: {duckdb.duckdb_result_error(ctypes.byref(result)).decode()}")
    duckdb.duckdb_destroy_result(ctypes.byref(result))
    return list(csv.reader(open(out)))


# More flows than a row group has: from a to b over both links, and of others.
FLOWS = 300000
CATALOG = """netflowize.catalog/1
idle_ms 15000
node a
node b
node r
link left p2p covered
member 0 10.0.0.1 100000000
member 2 10.0.0.2 100000000
link right p2p covered
member 2 10.0.1.2 100000000
member 1 10.0.1.1 100000000
tap 1 2 0 1 1 eth0
tap 2 2 1 0 1 eth1
"""
lines, want, others = [], {}, 0
for i in range(FLOWS):
    packets, size, at = i % 97 + 1, 40 + i % 1400, i % 86400000
    sport, dport = 1024 + i % 60000, i // 60000 + 1
    if i % 3:
        lines.append(f"0 2001:db8::{i % 65536:x} 192.0.2.{i % 256} {sport} {dport} 17 0 {packets} {packets * size} "
                     f"{at} {at + 5}")
        others += 1
    else:
        for tap in (1, 2):
            lines.append(f"{tap} 10.0.0.1 10.0.1.1 {sport} {dport} 6 18 {packets} {packets * size} {at} {at + 5} 0 1")
    kind = ("17", "", "", "") if i % 3 else ("6", "a", "b", "[left, right]")
    sums = want.setdefault(kind, [0, 0, 0])
    for at, v in enumerate((1, packets, packets * size)):
        sums[at] += v
store = f"{top.name}/store"
os.mkdir(store)
open(f"{store}/catalog", "w").write(CATALOG)
subprocess.run([f"{build}/tests/tool-rows", store], input="".join(l + "\n" for l in lines), text=True, check=True)

path = f"{top.name}/it's.parquet"
quoted = path.replace("'", "''")
packets, size = (sum(v[i] for v in want.values()) for i in (1, 2))
expect("what is said", f"{FLOWS} flows, {packets} packets, {size} bytes to " in
       export(store, "--into", f"parquet:{path}"), True)
expect("sums", sql(f"SELECT proto, coalesce(src_node, ''), coalesce(dst_node, ''), coalesce(path::VARCHAR, ''), "
                   f"count(*), sum(packets), sum(bytes) FROM '{quoted}' GROUP BY ALL ORDER BY proto"),
       sorted(([*k, *map(str, v)] for k, v in want.items()), key=lambda r: int(r[0])))
expect("several row groups", int(sql(f"SELECT count(DISTINCT row_group_id) FROM parquet_metadata('{quoted}')")[0][0])
       > 1, True)
expect("types", sql("SELECT typeof(src), typeof(sport), typeof(proto), typeof(bytes), typeof(first), typeof(path), "
                    f"typeof(src_as) FROM '{quoted}' LIMIT 1"),
       [["VARCHAR", "USMALLINT", "UTINYINT", "UBIGINT", "TIMESTAMP_NS", "VARCHAR[]", "UINTEGER"]])
expect("a row", sql(f"SELECT src, dst, sport, dport, proto, packets, bytes, epoch_ns(first), epoch_ns(last), tcp_flags, "
                    f"path[2], vlan IS NULL FROM '{quoted}' WHERE proto = 6 AND sport = 1027 AND dport = 1"),
       [["10.0.0.1", "10.0.1.1", "1027", "1", "6", "4", "172", str(1790000000003 * 10**6),
         str(1790000000008 * 10**6), "18", "right", "true"]])
export(store, "dst", "port", "2", "and", "udp", "--into", f"parquet:{path}")
expect("in its place, by a filter", sql(f"SELECT DISTINCT proto, dport FROM '{quoted}'"), [["17", "2"]])
export(store, "host", "203.0.113.1", "--into", f"parquet:{top.name}/none.parquet")
expect("none", sql(f"SELECT count(*), count(DISTINCT src) FROM '{top.name}/none.parquet'"), [["0", "0"]])

# Flows in the Arrow C data interface, as DuckDB reads them: the same.
arrow = f"{top.name}/arrow.parquet"
subprocess.run([f"{build}/tests/tool-arrow", store, arrow], check=True, timeout=300,
               env={**os.environ, "LD_LIBRARY_PATH": f"{build}/duckdb"})
rows = "sport, dport, proto, tcp_flags, packets, bytes, epoch_us(first), epoch_us(last)"
export(store, "--into", f"parquet:{path}")
expect("Arrow: types", sql("SELECT typeof(src), typeof(sport), typeof(proto), typeof(bytes), typeof(first) FROM "
                           f"'{arrow}' LIMIT 1"),
       [["BLOB", "USMALLINT", "UTINYINT", "UBIGINT", "TIMESTAMP WITH TIME ZONE"]])
expect("Arrow: rows", sql(f"SELECT count(*) FROM (SELECT {rows} FROM '{arrow}' EXCEPT ALL "
                          f"SELECT {rows} FROM '{quoted}')"), [["0"]])
expect("Arrow: addresses", sql(f"SELECT hex(src), hex(dst), count(*) FROM '{arrow}' WHERE proto = 6 GROUP BY ALL"),
       [["00000000000000000000FFFF0A000001", "00000000000000000000FFFF0A000101", str(FLOWS // 3)]])
expect("Arrow: sums", sql(f"SELECT count(*), sum(packets), sum(bytes) FROM '{arrow}'"),
       [[str(FLOWS), str(packets), str(size)]])

# What exporters tell besides.
told = f"{top.name}/told"
subprocess.run([f"{build}/bin/netflowize", "import", "tests/fuzz/corpus/nfdump/besides", "--into", told], check=True,
               stderr=subprocess.DEVNULL)
export(told, "--into", f"parquet:{top.name}/told.parquet")
expect("besides", sql("SELECT vlan, out_vlan, in_if, out_if, src_as, dst_as, next_hop, src_mac, dst_mac, mpls FROM "
                      f"'{top.name}/told.parquet' WHERE mpls IS NOT NULL"),
       [["100", "200", "3", "4", "64500", "64501", "10.0.9.1", "02:00:00:00:00:01", "02:00:00:00:00:02", "16"]])

# A full disk, no such place: said, the file of before stays, nothing else is left.
before, there = open(path, "rb").read(), sorted(os.listdir(top.name))
expect("a full disk", "DuckDB: " in export(store, "--into", f"parquet:{path}", status=1, most=200000), True)
expect("no such place", "DuckDB: " in export(store, "--into", f"parquet:{top.name}/no/file", status=1), True)
expect("the file of before", open(path, "rb").read() == before, True)
expect("nothing else", sorted(os.listdir(top.name)), there)

# No library, one of something else, one that lacks functions.
os.mkdir(f"{top.name}/other")
open(f"{top.name}/other/libduckdb.so", "w").write("no library\n")
expect("no library", "LD_LIBRARY_PATH" in
       export(store, "--into", f"parquet:{path}", library=f"{top.name}/other", status=2), True)
os.remove(f"{top.name}/other/libduckdb.so")
subprocess.run(["gcc", "-shared", "-x", "c", "/dev/null", "-o", f"{top.name}/other/libduckdb.so"], check=True)
expect("another library", "duckdb_open" in
       export(store, "--into", f"parquet:{path}", library=f"{top.name}/other", status=2), True)
expect("the file of before", open(path, "rb").read() == before, True)
finish()
