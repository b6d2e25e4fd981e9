/* tool-pack STORE: packs what is sealed in a store, now, as its collector would
 * when it is old enough (store/pack.h). */
#include "store/pack.h"

#include <stdio.h>

enum { NOTHING_DUE_MS = 1000 };

int main(int argc, char **argv)
{
	struct err err = ERR_INIT;
	struct pack *p;

	if (argc != 2) {
		fputs("usage: tool-pack STORE\n", stderr);
		return 2;
	}
	p = pack_new(argv[1], 0);
	while (pack_step(p, &err) < NOTHING_DUE_MS)
		;
	pack_free(p);
	if (err.code)
		fprintf(stderr, "%s\n", err.text);
	return err.code != 0;
}
