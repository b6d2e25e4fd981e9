/* Records as a log holds them: what all of a batch do not need takes no room
 * (private to the store).
 *
 *   addresses 16+16, or 4+4 where all are of IPv4; ports 2+2, protocol 1, key
 *   flags 1, tap 2, packets and bytes 8+8, or 4+4 where all are below 2^32;
 *   first 8, last 8, slots 2+2, TCP flags 1, ToS 1, end reason 1, flags 1
 *
 * Big-endian. */
#ifndef NFZ_STORE_LOGROW_H
#define NFZ_STORE_LOGROW_H

#include "flow/record.h"

enum { LOGROW_V4 = 1, LOGROW_SMALL = 2, LOGROW_FORMS = 3 };

/* The bits that hold of all records. */
unsigned logrow_form(const struct flow_record *r, size_t n);
size_t logrow_len(unsigned form);
void logrow_encode(const struct flow_record *r, unsigned form, struct buf *out);
void logrow_decode(struct cursor *c, unsigned form, struct flow_record *ret);

#endif
