/* Which system made this SYN, or SYN and ACK: its signature in the words of p0f
 * 3 (lcamtuf.coredump.cx/p0f3, "TCP signatures"), without the payload class:
 * version:TTL:IP options:MSS:window,scale:options:quirks.  The TTL is the next
 * usual start, the one quirk told is df, and what is not there is "*". */
#include "probe/metric_kinds.h"

#include <stdio.h>
#include <string.h>

enum { SYN = 2, NAMES = 40 };
enum { OPT_END, OPT_NOP, OPT_MSS, OPT_SCALE, OPT_SACK_OK, OPT_SACK };
enum { OPT_STAMPS = 8 };

struct fingerprint {
	char text[METRIC_TEXT];
};

struct layout {
	char names[NAMES];
	int mss, scale; /* -1: not told */
};

static const char *name_of(uint8_t kind)
{
	static const char *const names[] = {
		"eol", "nop", "mss", "ws", "sok", "sack", "?6", "?7", "ts"};

	return kind <= OPT_STAMPS ? names[kind] : "?";
}

/* Whole names, as far as they fit. */
static void add_name(struct layout *l, const char *name)
{
	size_t len = strlen(l->names);

	if (len + strlen(name) + 2 > sizeof(l->names))
		return;
	snprintf(l->names + len, sizeof(l->names) - len, "%s%s", len ? "," : "",
		name);
}

static void read_value(struct layout *l, const uint8_t *at, uint8_t len)
{
	if (at[0] == OPT_MSS && len == 4)
		l->mss = at[2] << 8 | at[3];
	if (at[0] == OPT_SCALE && len == 3)
		l->scale = at[2];
}

static struct layout read_options(const struct metric_packet *p)
{
	struct layout l = {.mss = -1, .scale = -1};
	uint8_t len;

	for (size_t i = 0; i < p->n_options; i += len) {
		const uint8_t *at = p->options + i;
		size_t left = p->n_options - i;

		add_name(&l, name_of(at[0]));
		if (at[0] == OPT_END)
			break;
		len = 1;
		if (at[0] == OPT_NOP)
			continue;
		if (left < 2 || at[1] < 2 || at[1] > left)
			break;
		len = at[1];
		read_value(&l, at, len);
	}
	return l;
}

static unsigned start_ttl(uint8_t ttl)
{
	return ttl <= 32 ? 32 : ttl <= 64 ? 64 : ttl <= 128 ? 128 : 255;
}

static void number(char text[8], int v)
{
	if (v < 0)
		snprintf(text, 8, "*");
	else
		snprintf(text, 8, "%u", (uint16_t)v);
}

static void update(void *state, void *other, const struct metric_packet *p)
{
	struct fingerprint *f = state;
	char mss[8], scale[8];
	struct layout l;

	(void)other;
	if (f->text[0] || !p->tcp || !(p->tcp_flags & SYN))
		return;
	l = read_options(p);
	number(mss, l.mss);
	number(scale, l.scale);
	snprintf(f->text, sizeof(f->text), "%u:%u:0:%s:%u,%s:%s:%s", p->version,
		start_ttl(p->ttl), mss, p->window, scale, l.names,
		p->df ? "df" : "");
}

static uint8_t *write(const void *state, uint8_t *to)
{
	memcpy(to, state, METRIC_TEXT);
	return to + METRIC_TEXT;
}

/* It is of the flow's beginning, and told in each record. */
static void restart(void *state)
{
	(void)state;
}

const struct flow_metric metric_fingerprint = {.name = "fingerprint",
	.about = "signature of TCP's SYN, as p0f's",
	.size = sizeof(struct fingerprint),
	.fields = &metric_fields[METRIC_FINGERPRINT],
	.n_fields = 1,
	.update = update,
	.write = write,
	.restart = restart};
