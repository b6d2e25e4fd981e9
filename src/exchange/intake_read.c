/* Files told apart by their first bytes. */
#include "base/mem.h"
#include "exchange/intake.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { HEAD = 4 };

/* The first bytes; fewer where there are no more. */
static int read_head(const char *path, uint8_t head[static HEAD], size_t *ret_n,
	struct err *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, head, HEAD);

	if (n < 0)
		return err_sys(err, "%s", path);
	*ret_n = (size_t)n;
	return 0;
}

/* As tools name the first column of a flow's line. */
static bool is_nfdump(const uint8_t *head, size_t n)
{
	return n == HEAD && (memcmp(head, "ts,t", HEAD) == 0 ||
				    memcmp(head, "firs", HEAD) == 0);
}

int intake_read(struct intake *in, const char *path, struct err *err)
{
	uint8_t head[HEAD] = {0};
	size_t n = 0;
	int r = read_head(path, head, &n, err);

	if (r < 0)
		return r;
	if (is_nfdump(head, n))
		r = intake_nfdump(in, path, err);
	else if (n >= 2 && head[0] == 0 && head[1] == 10)
		r = intake_ipfix(in, path, err);
	else
		r = intake_capture(in, path, err);
	return r < 0 ? r : intake_failed(in, err);
}
