/* Answers as nobody should give them: a document's values changed by chance. */
#ifndef NFZ_TESTS_SPOIL_H
#define NFZ_TESTS_SPOIL_H

#include "base/buf.h"
#include "format/xmlrpc.h"

/* The next of a series of numbers; the same seed gives the same series. */
uint32_t spoil_dice(uint32_t *seed);
/* Changes some values below v, which is a struct or an array: gone, of another
 * kind, another's, twice, with hostile text. */
void spoil_value(struct value *v, uint32_t *seed);
/* Changes some bytes of a document. */
void spoil_bytes(struct buf *text, uint32_t *seed);

#endif
