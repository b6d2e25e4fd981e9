/* The service's two doors for strangers' bytes: HTTP framing of a connection,
 * and a request document against a small site.  The first byte chooses. */
#include "base/loop.h"
#include "base/mem.h"
#include "lab/model.h"
#include "lab/pyrepr.h"
#include "lab/service.h"
#include "lab/service_http.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void frame(const uint8_t *data, size_t size)
{
	struct service_http h = {0};
	struct buf in = BUF_INIT(1 << 20), out = BUF_INIT(1 << 20);
	struct http_body body;
	enum http_step step;

	buf_add(&in, data, size);
	do {
		step = service_http_next(&h, &in, true, &body, &out);
		if (step == HTTP_CALL || step == HTTP_SEND) {
			size_t n = body.head_len + body.len;

			if (n == 0 || n > in.len)
				__builtin_trap();
			buf_consume(&in, n);
		}
	} while ((step == HTTP_CALL || step == HTTP_SEND) && !h.last);
	if (step == HTTP_MORE)
		__builtin_trap(); /* nothing more can come */
	buf_release(&in);
	buf_release(&out);
}

static void answered(void *ctx, const char *document, size_t len)
{
	int *times = ctx;

	++*times;
	if (len < 10 || memcmp(document, "<?xml", 5) != 0)
		__builtin_trap();
}

static void document(const uint8_t *data, size_t size)
{
	struct lab_site *site = lab_site_new("example.net", 1);
	struct loop *loop = loop_new();
	struct lab_service *svc = NULL;
	const struct lab_service_setup setup = {.site = site};
	const struct lab_request request = {(const char *)data, size};
	struct lab_user user = {.uid = "ada", .active = true, .n_groups = 1};
	struct lab_experiment *e;
	struct lab_call *call;
	int times = 0;

	memcpy(user.groups[0].pid, "p", 2);
	memcpy(user.groups[0].gid, "p", 2);
	memcpy(user.groups[0].trust, "group_root", 11);
	e = lab_experiment_add(site, "p", "e", "ada");
	e->state = LAB_SWAPPED;
	if (lab_service_start(loop, -1, &setup, &svc, NULL) < 0)
		__builtin_trap();
	call = lab_service_call(svc, &user, &request, answered, &times);
	if ((call == NULL) != (times == 1))
		__builtin_trap();
	lab_service_stop(svc);
	lab_site_free(site);
	loop_free(loop);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* NUL bytes cannot come out of a document, and an exact length must
	 * do without one behind it */
	char *copy;

	if (size < 1)
		return 0;
	copy = mem_zalloc(size, 1);
	memcpy(copy, data + 1, size - 1);
	if (data[0] & 1)
		frame((const uint8_t *)copy, size - 1);
	else
		document((const uint8_t *)copy, size - 1);
	free(copy);
	return 0;
}
