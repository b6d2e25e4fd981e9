/* What a run over files came to: for people and for programs. */
#ifndef NFZ_PROBE_STATS_H
#define NFZ_PROBE_STATS_H

#include "base/buf.h"
#include "probe/offline.h"

/* One line of JSON: frames, packets, octets, flows, records, lost{cause:n},
 * and more. */
void stats_print(struct buf *out, const struct offline_result *got);
/* One line of text. */
void stats_say(struct buf *out, const struct offline_result *got);

#endif
