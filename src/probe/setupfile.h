/* A module's setup, read from its file. */
#ifndef NFZ_PROBE_SETUPFILE_H
#define NFZ_PROBE_SETUPFILE_H

#include "flow/setup.h"

/* "-" is stdin.  The bytes read are wiped: they hold keys. */
int setupfile_read(
	const char *path, struct setup *ret, struct err *err) NFZ_MUST_CHECK;

#endif
