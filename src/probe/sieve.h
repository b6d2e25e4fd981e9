/* Filter expressions of pcap-filter(7) over frames of any link types; compiled
 * by libpcap, so not on nodes. */
#ifndef NFZ_PROBE_SIEVE_H
#define NFZ_PROBE_SIEVE_H

#include "base/err.h"
#include "probe/capfile.h"

struct sieve;

/* expression NULL or "": *ret stays NULL, all frames pass.  NFZ_E_FILTER. */
int sieve_new(const char *expression, struct sieve **ret,
	struct err *err) NFZ_MUST_CHECK;
void sieve_free(struct sieve *sieve);
bool sieve_passes(struct sieve *sieve, const struct capfile_frame *f);

#endif
