/* rows DIR < LINES: a store of the records that the lines tell, each
 *
 *   tap src dst sport dport proto flags packets bytes first_ms last_ms [s d]
 *   [metric=number or text]...
 *
 * times from 2026-09-21T14:13:20Z on, s and d the slots; tap 0: of a foreign
 * exporter.  Or what a tap counted of a class of sizes, 1 from its member:
 *
 *   sizes tap way class packets bytes
 *
 * A file DIR/catalog is left as it is. */
#include "base/arena.h"
#include "base/mem.h"
#include "flow/metric_fields.h"
#include "store/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TAPS = 16, BATCH = 10000 };
#define START_MS INT64_C(1790000000000)

static const struct store_source source = {1, 1};

static struct flow_record parse(const char *line)
{
	struct flow_record r = {
		.src_slot = SLOT_UNKNOWN, .dst_slot = SLOT_UNKNOWN};
	char src[64], dst[64];
	int64_t first, last;
	int n = sscanf(line,
		"%" SCNu16 " %63s %63s %" SCNu16 " %" SCNu16 " %" SCNu8
		" %" SCNi8 " %" SCNu64 " %" SCNu64 " %" SCNd64 " %" SCNd64
		" %" SCNu16 " %" SCNu16,
		&r.tap, src, dst, &r.key.sport, &r.key.dport, &r.key.proto,
		(int8_t *)&r.tcp_flags, &r.packets, &r.bytes, &first, &last,
		&r.src_slot, &r.dst_slot);

	if (n < 11 || !net_addr_parse(src, &r.key.src) ||
		!net_addr_parse(dst, &r.key.dst)) {
		fprintf(stderr, "rows: %s", line);
		exit(2);
	}
	r.first_ns = (START_MS + first) * 1000000;
	r.last_ns = (START_MS + last) * 1000000;
	if (!r.tap) {
		r.tap = TAP_FOREIGN;
		r.flags = RECORD_FOREIGN;
	}
	return r;
}

static void add_metric(const char *word, struct wire *to)
{
	const char *value = strchr(word, '=');
	const enum metric_field f = metric_field_named(
		word, value ? (size_t)(value - word) : strlen(word));
	uint64_t v = value ? strtoull(value + 1, NULL, 10) : 0;
	uint8_t bytes[8];
	struct flow_element e = {.value = bytes};

	if (f < METRIC_FIELD_COUNT && metric_fields[f].text) {
		e = (struct flow_element){
			.enterprise = metric_fields[f].enterprise,
			.id = metric_fields[f].id,
			.variable = true,
			.value = (const uint8_t *)value + 1,
			.len = value ? strlen(value + 1) : 0};
		if (!flow_others_add_known(to, &e))
			exit(2);
		return;
	}
	if (!metric_field_is_number(f)) {
		fprintf(stderr, "rows: %s\n", word);
		exit(2);
	}
	e.enterprise = metric_fields[f].enterprise;
	e.id = metric_fields[f].id;
	e.len = metric_fields[f].len;
	for (size_t i = e.len; i-- > 0; v >>= 8)
		bytes[i] = (uint8_t)v;
	if (!flow_others_add_known(to, &e))
		exit(2);
}

static struct flow_extra parse_metrics(char *line, struct arena *a)
{
	uint8_t told[OTHERS_MAX], *to;
	struct wire w = wire_over(told, sizeof(told));

	for (char *word = strtok(line, " \n"); word; word = strtok(NULL, " \n"))
		if (strchr(word, '='))
			add_metric(word, &w);
	to = arena_alloc(a, wire_len(&w), 1);
	memcpy(to, told, wire_len(&w));
	return (struct flow_extra){.others = {to, wire_len(&w)}};
}

/* False: the line is about something else. */
static bool parse_sizes(const char *line, struct tap_counters *taps)
{
	unsigned tap, way, class;
	struct size_count n;

	if (sscanf(line, "sizes %u %u %u %" SCNu64 " %" SCNu64, &tap, &way,
		    &class, &n.packets, &n.octets) != 5 ||
		tap >= TAPS || way > 1 || class >= PACKET_SIZES)
		return false;
	taps[tap].tap = (uint16_t)tap;
	taps[tap].sizes[way][class] = n;
	return true;
}

static int append(
	struct store *s, const struct flow_rows *rows, struct err *err)
{
	bool new;
	int r = 0;

	for (size_t at = 0; at < rows->n && r == 0; at += BATCH) {
		r = store_append(s,
			&(struct store_batch){.from = source,
				.seq = at + 1,
				.records = rows->records + at,
				.extras = rows->extras + at,
				.n = rows->n - at < BATCH ? rows->n - at
							  : BATCH},
			&new, err);
		if (r == 0)
			r = store_commit(s, err);
	}
	return r;
}

int main(int argc, char **argv)
{
	struct tap_counters taps[TAPS] = {{0}};
	struct flow_record *rows = NULL;
	struct flow_extra *extras = NULL;
	struct arena arena = ARENA_INIT;
	struct err err = ERR_INIT;
	struct store *s = NULL;
	size_t n = 0, cap = 0, n_extras = 0, extras_cap = 0;
	char line[512];
	int r;

	while (fgets(line, sizeof(line), stdin))
		if (!parse_sizes(line, taps)) {
			MEM_PUSH(rows, n, cap) = parse(line);
			MEM_PUSH(extras, n_extras, extras_cap) =
				parse_metrics(line, &arena);
		}
	r = store_open(argc > 1 ? argv[1] : "", STORE_WRITE, NULL, &s, &err);
	if (r == 0)
		r = append(s, &(const struct flow_rows){rows, extras, n}, &err);
	for (size_t i = 1; i < TAPS && r == 0; i++)
		if (taps[i].tap)
			r = store_append_counters(s, source, &taps[i], 1, &err);
	if (r == 0)
		r = store_commit(s, &err);
	if (r < 0)
		fprintf(stderr, "rows: %s\n", err.text);
	store_close(s);
	free(rows);
	free(extras);
	arena_release(&arena);
	return r < 0;
}
