/* Any bytes as frames: what is taken apart is the same when put together. */
#include "deploy/frame.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct frame f;

	while (frame_next(data, len, &f, NULL) == 1) {
		struct buf again = BUF_INIT(FRAME_BODY_MAX * 2);
		struct frame_args args;

		if (f.total > len || f.total != f.len + FRAME_HEAD)
			abort();
		if (frame_args(&f, &args, NULL) == 0) {
			const char *const *words =
				(const char *const *)args.argv;

			frame_put_args(&again, f.type, words, args.n);
			if (!buf_ok(&again) || again.len != f.total ||
				memcmp(again.data, data, f.total) != 0)
				abort();
			frame_args_free(&args);
		}
		buf_release(&again);
		data += f.total;
		len -= f.total;
	}
	return 0;
}
