/* What the sanitizers have to know of the tests; nothing in other builds.
 *
 * Criterion runs each test in a process of its own, a second copy of the
 * program that it tells by BXFI_MAP in the environment.  Leaks are looked for
 * there.  The first copy only hands out tests, and the library itself sometimes
 * leaves 48 bytes behind in it. */
#include <stdlib.h>

int __lsan_is_turned_off(void);

int __lsan_is_turned_off(void)
{
	return getenv("BXFI_MAP") == NULL;
}
