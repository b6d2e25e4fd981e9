/* Any bytes as a capture file: read to its end or refused, frames dissected. */
#define _GNU_SOURCE
#include "probe/pcapfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	int fd = memfd_create("capture", MFD_CLOEXEC);
	struct pcapfile *file = NULL;
	struct dissect d;
	struct frame f;
	char path[64];
	int64_t ns;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fd < 0 || write(fd, data, len) != (ssize_t)len)
		abort();
	if (pcapfile_open(path, &file, NULL) == 0) {
		while (pcapfile_next(file, &f, &ns, NULL) > 0)
			(void)dissect_frame(pcapfile_layer(file), &f, &d);
		pcapfile_close(file);
	}
	close(fd);
	return 0;
}
