/* Any bytes as a capture file for our own readers: read to the end or refused,
 * frames dissected.  The first byte says how many frames are asked for. */
#define _GNU_SOURCE
#include "probe/capfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	int fd = memfd_create("capture", MFD_CLOEXEC);
	struct capfile_frame frames[CAPFILE_BATCH];
	struct capfile *file = NULL;
	struct dissect d;
	char path[64];
	size_t room = 1;
	int n;

	if (len > 0) {
		room += data[0] % CAPFILE_BATCH;
		data++;
		len--;
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fd < 0 || write(fd, data, len) != (ssize_t)len)
		abort();
	if (capfile_open(path, NULL, &file, NULL) == 0) {
		while ((n = capfile_read(file, frames, room, NULL)) > 0)
			for (int i = 0; i < n; i++)
				(void)dissect_frame(
					frames[i].layer, &frames[i].frame, &d);
		capfile_close(file);
	}
	close(fd);
	return 0;
}
