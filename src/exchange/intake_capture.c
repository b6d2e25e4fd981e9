/* Captures, through a flow cache as nfz-meter --read has it. */
#include "exchange/intake.h"
#include "probe/offline.h"

/* A flow is one record unless it is silent for so long. */
enum { IDLE_MS = 60000, ACTIVE_MS = 24 * 3600 * 1000, FLOWS = 1 << 20 };

static bool on_record(void *data, const struct flow_record *r)
{
	struct intake *in = data;

	intake_add(in, &(const struct flow_rows){r, NULL, 1});
	return intake_failed(in, NULL) == 0;
}

int intake_capture(struct intake *in, const char *path, struct err *err)
{
	const struct offline_options options = {.flows = {.idle_ms = IDLE_MS,
							.active_ms = ACTIVE_MS,
							.flows = FLOWS,
							.grows = true,
							.merge_fragments = true,
							.sink = on_record,
							.data = in}};
	struct offline_result result;
	struct offline *o = NULL;
	struct err end = ERR_INIT;
	int r = offline_new(&options, &o, err), ended;

	if (r < 0)
		return r;
	r = offline_read(o, path, err);
	if (r < 0) {
		r = err_wrap(err, "%s", path);
		if (r == -NFZ_E_INPUT && !err->hint[0])
			err_hint(err, "Captures, IPFIX files and the CSV of "
				      "nfdump are read.");
	}
	ended = offline_end(o, r < 0 ? &end : err);
	offline_result(o, &result);
	intake_leave_out(in, result.frames - result.ip);
	offline_free(o);
	return r < 0 ? r : ended;
}
