/* What can be set of a running meter, for all or for one node: the flow
 * timeouts, how many flows there may be, how much of a CPU it may take, how
 * packets are sampled, what tells flows apart and what is measured of them.  A node's settings are a line of
 * words, "active=5000 idle=2000 fin=0 bytes=10000000 packets=5000 flows=100000 cpu=25
 * sampling=random:100 key=vlan+mac biflow=1 metrics=ttl+rtt", in the order of
 * the table; what is not named there
 * is as the meter's setup says.
 *
 * They are in run/METER.set on the node, which the meter keeps open and reads
 * again at SIGHUP, and in the tag. */
#ifndef NFZ_DEPLOY_SETTINGS_H
#define NFZ_DEPLOY_SETTINGS_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SETTINGS_TEXT = 320 };

enum setting_key {
	SETTING_ACTIVE,
	SETTING_IDLE,
	SETTING_FIN,
	SETTING_BYTES,
	SETTING_PACKETS,
	SETTING_FLOWS,
	SETTING_CPU,
	SETTING_SAMPLING,
	SETTING_FLOW_KEY,
	SETTING_BIFLOW,
	SETTING_METRICS,
	SETTING_KEYS
};

/* One wish; value -1: as it was without. */
struct setting {
	char node[64]; /* "": every node */
	enum setting_key key;
	int64_t value; /* milliseconds; bytes, packets, flows; percent of one CPU; of sampling, one
			* of so many and above 32 bits how; bits of struct
			* definition */
};

/* "[NODE:]KEY=VALUE": idle, active, fin, report-bytes, report-packets, flows, cpu-limit, sampling, flow-key, biflow and
 * metrics, with meter. in front if wanted.  What the meter cannot do is NFZ_E_USAGE with the
 * reason. */
int setting_parse(
	const char *word, struct setting *ret, struct err *err) NFZ_MUST_CHECK;
/* What holds on a node: what held until now, with the wishes that concern it;
 * those for one node go before those for all. */
void settings_merge(const char *now, const struct setting *wishes, size_t n,
	const char *node, char ret[static SETTINGS_TEXT]);
/* Keeps of a what b says alike. */
void settings_share(char a[static SETTINGS_TEXT], const char *b);
/* Can digests to flow caches carry what is set?  NFZ_E_USAGE. */
int settings_for_caches(const char *text, struct err *err) NFZ_MUST_CHECK;
/* For people: "idle 2 s, CPU 25 %". */
void settings_describe(const char *text, char ret[static SETTINGS_TEXT]);

#endif
