/* The CSV of nfdump(1), by the names its first line gives the columns, of 1.6
 * and 1.7.  Times in it are local ones, to the second in most versions: the
 * end is the begin and the duration.  ICMP's type in place of a port is left
 * out, as everywhere here. */
#define _GNU_SOURCE
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "exchange/intake.h"
#include "store/filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FILE_MAX = 1 << 30, LINE_MAX_LEN = 4096, CELL_MAX = 128 };

/* The year 2200, and ten years: far from what 64 bits of nanoseconds hold. */
static const int64_t LATEST_S = 7258118400;
enum { LONGEST_S = 315360000 };

enum cell {
	TS,
	TD,
	SA,
	DA,
	SP,
	DP,
	PR,
	FLG,
	TOS,
	IPKT,
	IBYT,
	OPKT,
	OBYT,
	IN,
	OUT,
	SAS,
	DAS,
	NH,
	SVLN,
	DVLN,
	ISMC,
	ODMC,
	IDMC,
	OSMC,
	MPLS,
	CELLS
};
enum { NEEDED = 1 << TS | 1 << SA | 1 << DA | 1 << IPKT };

static const struct {
	const char *name;
	enum cell cell;
} names[] = {{"ts", TS}, {"firstSeen", TS}, {"td", TD}, {"duration", TD},
	{"sa", SA}, {"srcAddr", SA}, {"da", DA}, {"dstAddr", DA}, {"sp", SP},
	{"srcPort", SP}, {"dp", DP}, {"dstPort", DP}, {"pr", PR}, {"proto", PR},
	{"flg", FLG}, {"flags", FLG}, {"stos", TOS}, {"srcTos", TOS},
	{"ipkt", IPKT}, {"packets", IPKT}, {"inPackets", IPKT}, {"ibyt", IBYT},
	{"bytes", IBYT}, {"inBytes", IBYT}, {"opkt", OPKT},
	{"outPackets", OPKT}, {"obyt", OBYT}, {"outBytes", OBYT}, {"in", IN},
	{"out", OUT}, {"sas", SAS}, {"das", DAS}, {"nh", NH}, {"svln", SVLN},
	{"dvln", DVLN}, {"ismc", ISMC}, {"odmc", ODMC}, {"idmc", IDMC},
	{"osmc", OSMC}, {"mpls1", MPLS}};
enum { NAMES = sizeof(names) / sizeof(*names) };

/* The next cell, without blanks around it; NULL at the end of the line. */
static const char *next_cell(const char *at, char cell[static CELL_MAX])
{
	size_t len = strcspn(at, ",\r\n");
	const char *end = at + len;

	while (len && *at == ' ') {
		at++;
		len--;
	}
	while (len && at[len - 1] == ' ')
		len--;
	snprintf(cell, CELL_MAX, "%.*s", (int)len, at);
	return *end == ',' ? end + 1 : NULL;
}

void nfdump_head(struct nfdump_columns *ret, const char *line)
{
	unsigned have = 0;

	*ret = (struct nfdump_columns){.n = 0};
	while (line && ret->n < NFDUMP_COLUMNS) {
		char cell[CELL_MAX];

		line = next_cell(line, cell);
		ret->of[ret->n] = -1;
		for (size_t i = 0; i < NAMES; i++)
			if (strcmp(names[i].name, cell) == 0)
				ret->of[ret->n] = (int8_t)names[i].cell;
		if (ret->of[ret->n] >= 0)
			have |= 1u << ret->of[ret->n];
		ret->n++;
	}
	ret->whole = (have & NEEDED) == NEEDED;
}

/* Seconds with a fraction, in whole milliseconds; 0 when below. */
static int64_t duration_ns(const char *text)
{
	const double s = strtod(text, NULL);

	if (!(s > 0))
		return 0;
	return (int64_t)((s < LONGEST_S ? s : LONGEST_S) * 1e3 + 0.5) *
	       NS_PER_MS;
}

static bool parse_time(const char *text, int64_t *ret_ns)
{
	struct tm tm = {.tm_isdst = -1};
	const char *rest = strptime(text, "%Y-%m-%d %H:%M:%S", &tm);
	const time_t at = rest ? mktime(&tm) : -1;

	if (at < 0 || at > LATEST_S)
		return false;
	*ret_ns = at * NS_PER_S;
	if (*rest == '.')
		*ret_ns += duration_ns(rest);
	return true;
}

static uint8_t parse_flags(const char *text)
{
	static const char letters[] = "FSRPAUEC";
	unsigned flags = 0;

	if (strncmp(text, "0x", 2) == 0)
		return (uint8_t)strtoul(text, NULL, 16);
	for (; *text; text++) {
		const char *at = strchr(letters, *text);

		if (at)
			flags |= 1u << (at - letters);
	}
	return (uint8_t)flags;
}

static uint64_t number(const char *text)
{
	return *text >= '0' && *text <= '9' ? strtoull(text, NULL, 10) : 0;
}

/* The first of two that is told. */
static uint64_t mac(const char *first, const char *second)
{
	uint8_t bytes[6];
	uint64_t v = net_mac_parse(first, bytes) ? flow_extra_mac(bytes) : 0;

	return !v && net_mac_parse(second, bytes) ? flow_extra_mac(bytes) : v;
}

static void read_extra(
	char cells[static CELLS][CELL_MAX], struct flow_extra *ret)
{
	struct net_addr next;

	*ret = (struct flow_extra){.src_as = (uint32_t)number(cells[SAS]),
		.dst_as = (uint32_t)number(cells[DAS]),
		.in_if = (uint32_t)number(cells[IN]),
		.out_if = (uint32_t)number(cells[OUT]),
		.vlan = (uint16_t)number(cells[SVLN]),
		.out_vlan = (uint16_t)number(cells[DVLN]),
		.mpls = (uint32_t)number(cells[MPLS]),
		.src_mac = mac(cells[ISMC], cells[OSMC]),
		.dst_mac = mac(cells[IDMC], cells[ODMC])};
	if (net_addr_parse(cells[NH], &next))
		flow_extra_set_next(ret, &next);
}

static bool read_cells(const struct nfdump_columns *c, const char *line,
	char cells[CELLS][CELL_MAX])
{
	size_t i = 0;

	for (; line && i < c->n; i++) {
		char cell[CELL_MAX];

		line = next_cell(line, cell);
		if (c->of[i] >= 0)
			memcpy(cells[c->of[i]], cell, CELL_MAX);
	}
	return i == c->n && !line;
}

size_t nfdump_row(const struct nfdump_columns *c, const char *line,
	struct flow_record ret[static 2], struct flow_extra extras[static 2])
{
	char cells[CELLS][CELL_MAX] = {{0}};
	struct flow_record r = {.tap = TAP_FOREIGN, .flags = RECORD_FOREIGN};
	int proto;

	if (!read_cells(c, line, cells) ||
		!parse_time(cells[TS], &r.first_ns) ||
		!net_addr_parse(cells[SA], &r.key.src) ||
		!net_addr_parse(cells[DA], &r.key.dst))
		return 0;
	proto = filter_protocol(cells[PR], strlen(cells[PR]));
	if (proto < 0)
		return 0;
	r.key.proto = (uint8_t)proto;
	if (proto != 1 && proto != 58) {
		r.key.sport = (uint16_t)number(cells[SP]);
		r.key.dport = (uint16_t)number(cells[DP]);
	}
	r.last_ns = r.first_ns + duration_ns(cells[TD]);
	r.tcp_flags = parse_flags(cells[FLG]);
	r.tos = (uint8_t)number(cells[TOS]);
	r.packets = number(cells[IPKT]);
	r.bytes = number(cells[IBYT]);
	ret[0] = ret[1] = r;
	ret[1].key = flow_key_reverse(&r.key);
	ret[1].packets = number(cells[OPKT]);
	ret[1].bytes = number(cells[OBYT]);
	read_extra(cells, &extras[0]);
	extras[1] = flow_extra_reverse(&extras[0]);
	return ret[1].packets ? 2 : 1;
}

/* Lines up to nfdump's own summary. */
static int read_lines(
	struct intake *in, FILE *from, const char *path, struct err *err)
{
	struct nfdump_columns c;
	char line[LINE_MAX_LEN];

	if (!fgets(line, sizeof(line), from))
		return err_set(err, NFZ_E_INPUT, "%s is empty", path);
	nfdump_head(&c, line);
	if (!c.whole)
		return err_set(err, NFZ_E_INPUT,
			"%s: the first line does not name addresses, times and "
			"packets",
			path);
	while (intake_failed(in, NULL) == 0 &&
		fgets(line, sizeof(line), from) &&
		strncmp(line, "Summary", 7) != 0) {
		struct flow_record r[2];
		struct flow_extra extras[2];
		size_t n = nfdump_row(&c, line, r, extras);

		intake_add(in, &(const struct flow_rows){r, extras, n});
		intake_leave_out(in, n == 0);
	}
	return intake_failed(in, err);
}

int intake_nfdump(struct intake *in, const char *path, struct err *err)
{
	FILE *from = fopen(path, "re");
	int r;

	if (!from)
		return err_sys(err, "%s", path);
	r = read_lines(in, from, path, err);
	fclose(from);
	return r;
}
