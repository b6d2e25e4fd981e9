/* Mounts of our own, wherever we were started. */
#ifndef NFZ_LAB_MOUNTS_H
#define NFZ_LAB_MOUNTS_H

#include "base/err.h"

/* From here on, this process and its children have mounts of their own: what
 * they mount nobody else sees.  In a chroot its directory becomes the root
 * of these mounts, as nodes need it (pivot_root(2)).  Needs root, and a single
 * thread. */
int mounts_leave(struct err *err);

#endif
