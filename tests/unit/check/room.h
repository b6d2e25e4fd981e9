/* Does a set of nodes have room for all that is to be recorded?  By trying. */
#ifndef TESTS_UNIT_CHECK_ROOM_H
#define TESTS_UNIT_CHECK_ROOM_H

#include "check/need.h"

#include <stdbool.h>
#include <stdint.h>

enum room_answer { ROOM_NO, ROOM_YES, ROOM_UNKNOWN /* too much to try */ };

/* What can be covered is to be, within the ask's max_pps and max_ifaces. */
enum room_answer room_fits(const struct need *n, unsigned set);

#endif
