#include "cli/drawing.h"
#include "base/buf.h"
#include "base/mem.h"
#include "cli/app.h"
#include "report/dot.h"
#include "report/svg.h"

#include <string.h>

typedef void printer(const struct picture *p, struct buf *out);

static bool is_stdout(const char *file)
{
	return file && strcmp(file, "-") == 0;
}

bool drawing_on_stdout(const struct drawing_options *o)
{
	return is_stdout(o->svg) || is_stdout(o->dot);
}

int drawing_check(const struct drawing_options *o, struct err *err)
{
	if (is_stdout(o->svg) && is_stdout(o->dot))
		return err_set(err, NFZ_E_USAGE,
			"--svg - and --dot - cannot both be standard output");
	return 0;
}

static int write_one(const struct picture *p, printer *print, const char *file,
	const char *option, struct err *err)
{
	struct buf out = BUF_INIT((size_t)256 << 20);
	int r;

	print(p, &out);
	if (!buf_ok(&out))
		r = err_set(err, NFZ_E_LIMIT,
			"the picture is larger than %zu MiB", out.max >> 20);
	else
		r = app_write_file(option, file, &out, err);
	buf_release(&out);
	return r;
}

/* "dumbbell.ns" of "topologies/dumbbell.ns". */
static const char *base_name(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	if (is_stdout(path))
		return NULL;
	return slash ? slash + 1 : path;
}

int drawing_write(const struct drawing_options *o, const struct topology *t,
	const struct plan *plan, const char *name, struct err *err)
{
	cleanup(picture_free_at) struct picture *p = NULL;
	int r;

	if (!o->svg && !o->dot)
		return 0;
	r = picture_new(t, plan, base_name(name), &p, err);
	if (r == 0 && o->svg)
		r = write_one(p, svg_print, o->svg, "--svg", err);
	if (r == 0 && o->dot)
		r = write_one(p, dot_print, o->dot, "--dot", err);
	return r;
}
