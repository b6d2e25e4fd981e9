/* The launcher's control socket: what the other commands ask. */
#ifndef NFZ_LAB_CONTROL_H
#define NFZ_LAB_CONTROL_H

#include "base/err.h"

struct launcher;

int control_start(struct launcher *l, struct err *err) NFZ_MUST_CHECK;
void control_stop(struct launcher *l);

#endif
