/* lz4-block: packs standard input as one LZ4 block, for make-payload. */
#include <lz4hc.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST = 64 << 20 }; /* PAYLOAD_FILE_MAX */

int main(void)
{
	char *in = malloc(MOST), *out = malloc(LZ4_COMPRESSBOUND(MOST));
	size_t n = in && out ? fread(in, 1, MOST, stdin) : MOST;
	int packed;

	if (n == MOST || ferror(stdin)) {
		fputs("lz4-block: no memory, too large, or unreadable\n",
			stderr);
		return 1;
	}
	packed = LZ4_compress_HC(
		in, out, (int)n, LZ4_compressBound((int)n), LZ4HC_CLEVEL_MAX);
	if (packed <= 0 ||
		fwrite(out, 1, (size_t)packed, stdout) != (size_t)packed ||
		fflush(stdout)) {
		perror("lz4-block: cannot write");
		return 1;
	}
	free(in);
	free(out);
	return 0;
}
