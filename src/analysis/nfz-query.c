/* nfz-query: what is in a store (nfz-query(1)). */
#include "analysis/ask.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/program.h"
#include "store/control.h"

#include <inttypes.h>
#include <stdio.h>

/* Caches are asked first.  That somebody was late, or that there is no
 * collector any more, is said, and no error. */
static int flush(const char *dir, int64_t wait_ms, struct err *err)
{
	struct buf answer = BUF_INIT(1 << 20);
	char line[64];
	int r;

	snprintf(line, sizeof(line), "flush %" PRId64, wait_ms);
	r = control_ask(dir, line, wait_ms + 3000, &answer, err);
	if (r == -NFZ_E_UNREACHABLE || r == -NFZ_E_TIMEOUT) {
		log_warning("%s: this is what was stored before", err->text);
		err_clear(err);
		r = 0;
	} else if (r == 0 && answer.len)
		log_warning("not all caches answered in time:\n%s",
			buf_str(&answer));
	buf_release(&answer);
	return r;
}

int PROGRAM_MAIN(query)(int argc, char **argv)
{
	struct err err = ERR_INIT;
	int r;

	proc_begin();
	log_open("nfz-query", LOG_INFO, false);
	r = ask_run(argc, argv, flush, &err);
	if (r < 0)
		log_err(&err);
	return err_exit_status(r);
}
