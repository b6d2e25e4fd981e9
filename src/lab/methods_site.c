/* The site: its users, notices, images and file server. */
#define _GNU_SOURCE
#include "base/mem.h"
#include "lab/dispatch.h"
#include "lab/pyrepr.h"
#include "lab/rows.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static void message(struct lab_call *c, struct lab_experiment *none)
{
	const char *text = c->site->nologins  ? c->site->nologins
			   : c->site->message ? c->site->message
					      : "";

	(void)none;
	call_ok_text(c, value_string(text), text);
}

/* Is the argument, if there is one, a date in form? */
static bool date_ok(struct lab_call *c, const char *name)
{
	const struct value *v = call_arg(c, name);
	struct buf text cleanup(buf_release) = BUF_INIT(1 << 16);
	size_t n;

	if (!v)
		return true;
	pyrepr_str(v, &text);
	n = strspn(buf_str(&text),
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789_-:");
	if (n == text.len)
		return true;
	call_fail(c, CALL_BADARGS, "Improperly formed '%s'!", name);
	return false;
}

static void news(struct lab_call *c, struct lab_experiment *none)
{
	(void)none;
	if (date_ok(c, "starting") && date_ok(c, "ending"))
		call_ok_repr(c, value_new(VALUE_ARRAY));
}

static void nodecount(struct lab_call *c, struct lab_experiment *none)
{
	int n = 0;

	(void)none;
	for (size_t i = 0; i < c->site->n_machines; i++) {
		int owner = c->site->machines[i].owner;

		n += owner >= 0 && !c->site->machines[i].is_virtual &&
		     strcmp(c->site->experiments[owner]->head,
			     c->caller->uid) == 0;
	}
	call_ok_repr(c, value_int(n));
}

struct membership {
	const char *pid, *gid, *trust;
};

static int by_project(const void *a, const void *b)
{
	const struct membership *x = a, *y = b;
	int r = strcasecmp(x->pid, y->pid);

	return r ? r : strcasecmp(x->gid, y->gid);
}

/* The caller's groups by project; the caller's number of them. */
static int memberships(const struct lab_call *c, struct membership *ret)
{
	const struct lab_user *u = c->caller;
	int n = 0;

	for (int i = 0; i < u->n_groups; i++)
		if (strcmp(u->groups[i].trust, "none") != 0)
			ret[n++] = (struct membership){u->groups[i].pid,
				u->groups[i].gid, u->groups[i].trust};
	qsort(ret, (size_t)n, sizeof(*ret), by_project);
	return n;
}

enum {
	GROUPS_MAX = sizeof(((struct lab_user *)0)->groups) /
		     sizeof(((struct lab_user *)0)->groups[0])
};

static bool has_trust(const char *trust, const char *permission)
{
	if (strcmp(permission, "readinfo") == 0)
		return true;
	if (strcmp(trust, "project_root") == 0)
		return true;
	return strcmp(permission, "makegroup") != 0 &&
	       (strcmp(trust, "group_root") == 0 ||
		       strcmp(trust, "local_root") == 0);
}

static void membership(struct lab_call *c, struct lab_experiment *none)
{
	static const char *const permissions[] = {"readinfo", "makegroup",
		"createexpt", "makeosid", "makeimageid"};
	const char *permission = call_arg(c, "permission")
					 ? call_text(c, "permission")
					 : "readinfo";
	struct membership groups[GROUPS_MAX];
	struct value *all = value_new(VALUE_STRUCT), *list = NULL;
	bool known = false;
	int n = memberships(c, groups);

	(void)none;
	for (size_t i = 0; i < sizeof(permissions) / sizeof(permissions[0]);
		i++)
		known = known ||
			(permission && strcmp(permission, permissions[i]) == 0);
	if (!known) {
		value_free(all);
		call_fail(c, CALL_BADARGS, "Bad permission value: %s",
			permission ? permission : "");
		return;
	}
	for (int i = 0; i < n; i++) {
		if (!has_trust(groups[i].trust, permission))
			continue;
		if (all->n == 0 || strcasecmp(all->names[all->n - 1],
					   groups[i].pid) != 0) {
			list = value_new(VALUE_ARRAY);
			value_set(all, groups[i].pid, list);
		}
		value_append(list, value_string(groups[i].gid));
	}
	pydict_order(all);
	call_ok_repr(c, all);
}

static struct value *export_list(const struct lab_call *c)
{
	struct membership groups[GROUPS_MAX];
	struct value *list = value_new(VALUE_ARRAY);
	int n = memberships(c, groups);
	char path[160];

	snprintf(path, sizeof(path), "/users/%s", c->caller->uid);
	value_append(list, value_string(path));
	value_append(list, value_string("/share"));
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "/proj/%s", groups[i].pid);
		if (strcasecmp(groups[i].pid, groups[i].gid) != 0)
			snprintf(path, sizeof(path), "/groups/%s/%s",
				groups[i].pid, groups[i].gid);
		value_append(list, value_string(path));
	}
	return list;
}

static void exports(struct lab_call *c, struct lab_experiment *none)
{
	(void)none;
	call_ok_repr(c, export_list(c));
}

/* An answer for an exception: code 2, an empty struct, "why: path". */
static void os_error(struct lab_call *c, const char *why, const char *path)
{
	call_fail(c, CALL_ERROR, "%s: %s", why, path);
	c->value = value_new(VALUE_STRUCT);
}

static bool on_file_server(struct lab_call *c, const char *path)
{
	static const char *const roots[] = {
		"/proj", "/groups", "/share", "/users"};

	if (!path) {
		call_fault(c, "AttributeError",
			"'%s' object has no attribute 'startswith'",
			pyrepr_type(call_arg(c, "path")));
		return false;
	}
	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++)
		if (strncmp(path, roots[i], strlen(roots[i])) == 0 &&
			!strstr(path, "/.."))
			return true;
	os_error(c, "Path is not an NFS export", path);
	return false;
}

/* Is it one of the caller's own directories?  There is nothing else. */
static bool exists(const struct lab_call *c, const char *path)
{
	struct value *list = export_list(c);
	bool found = false;

	for (size_t i = 0; i < list->n; i++)
		found = found || strcmp(list->items[i]->text, path) == 0;
	value_free(list);
	return found;
}

static void fs_access(struct lab_call *c, struct lab_experiment *none)
{
	static const char *const known[] = {
		"read", "r", "write", "w", "execute", "x", "exists", "e"};
	const char *path = call_text(c, "path");
	const char *permission = call_text(c, "permission");
	bool ok = false;

	(void)none;
	if (!on_file_server(c, path))
		return;
	for (size_t i = 0; permission && i < sizeof(known) / sizeof(known[0]);
		i++)
		ok = ok || strcmp(known[i], permission) == 0;
	if (!ok)
		call_fail(c, CALL_BADARGS, "Bad permission value: %s",
			permission ? permission : "");
	else
		call_ok_repr(c, value_bool(exists(c, path)));
}

static void listdir(struct lab_call *c, struct lab_experiment *none)
{
	const char *path = call_text(c, "path");

	(void)none;
	if (!on_file_server(c, path))
		return;
	if (!exists(c, path))
		os_error(c, "Path is not accessible", path);
	else
		call_ok_repr(c, value_new(VALUE_ARRAY));
}

/* Images of the site.  They are names: every node runs this machine's own
 * system, but NS files written for a real site ask for them. */
static const struct {
	const char *name, *os, *version;
} images[] = {{"FBSD410-STD", "FreeBSD", "4.10"}, {"RHL90-STD", "Linux", "9.0"},
	{"FBSD-STD", "FreeBSD", "6.2"}, {"RHL-STD", "Linux", "9.0"},
	{"FBSD82-STD", "FreeBSD", "8.2"}, {"UBUNTU10-STD", "Linux", "10.04"},
	{"FC6-STD", "Fedora", "6"}, {"FEDORA8-OVZ-STD", "Fedora", "8"},
	{"OPENVZ-STD", "Linux", ""}, {"Ubuntu1004-STD", "Linux", "10.04"},
	{"FBSD62-STD", "FreeBSD", "6.2"}, {"UBUNTU10-64-STD", "Linux", "10.04"},
	{"UBUNTU12-64-STD", "Linux", "12.04"},
	{"UBUNTU-DELAY", "Linux", "12.04"}};

enum { N_IMAGES = sizeof(images) / sizeof(images[0]), FIRST_IMAGE = 1000 };

static struct value *image_row(size_t i)
{
	struct value *row = row_new(
		"creator=selabman protogeni_export=i0 pid=semulab-ops mfs=i0 "
		"fullosid=i0 osid=s ezid=i0 creator_idx=i1 machinetype=s "
		"uuid=s "
		"version=s pid_idx=i1 "
		"osfeatures=sping,ssh,ipod,isup,linktest,linkdelays,vlans "
		"shared=i1 description=s old_nextosid=s osname=s "
		"op_mode=sNORMALv2 mustclean=i1 created=n old_osid=s OS=s");
	char text[160], uuid[40];

	row_int(row, "fullosid", FIRST_IMAGE + 7 * (int64_t)i);
	row_text(row, "osid", images[i].name);
	row_text(row, "osname", images[i].name);
	row_text(row, "version", images[i].version);
	row_text(row, "OS", images[i].os);
	snprintf(text, sizeof(text), "Testbed version of %s%s%s", images[i].os,
		images[i].version[0] ? " " : "", images[i].version);
	row_text(row, "description", text);
	row_uuid(images[i].name, "image", uuid);
	row_text(row, "uuid", uuid);
	row_time(row, "created", 1209963905);
	return row;
}

static void osid_getlist(struct lab_call *c, struct lab_experiment *none)
{
	struct value *all = value_new(VALUE_STRUCT);

	(void)none;
	for (size_t i = 0; i < N_IMAGES; i++)
		value_set(all, images[i].name, image_row(i));
	pydict_order(all);
	call_ok(c, all);
}

static void osid_info(struct lab_call *c, struct lab_experiment *none)
{
	const char *osid;
	bool bad;

	(void)none;
	if (!call_name_ok(c, "osid", &bad)) {
		if (bad)
			call_fail(c, CALL_BADARGS, "Improperly formed osid!");
		return;
	}
	osid = call_text(c, "osid");
	for (size_t i = 0; i < N_IMAGES; i++)
		if (strcasecmp(images[i].name, osid) == 0 ||
			strtoll(osid, NULL, 10) ==
				FIRST_IMAGE + 7 * (int64_t)i) {
			call_ok_repr(c, image_row(i));
			return;
		}
	call_fail(c, CALL_ERROR, "Unknown OS ID?");
}

static void imageid_getlist(struct lab_call *c, struct lab_experiment *none)
{
	(void)none;
	call_fail(c, CALL_ERROR, "No image ids?");
}

enum { OPEN = CALL_VERSION | CALL_NOLOGINS };

const struct call_method methods_site[] = {
	{"emulab", "message", CALL_VERSION, NULL, message},
	{"emulab", "news", CALL_VERSION, "", news},
	{"user", "nodecount", OPEN, NULL, nodecount},
	{"user", "membership", OPEN, "", membership},
	{"fs", "exports", OPEN, NULL, exports},
	{"fs", "access", OPEN, "permission path", fs_access},
	{"fs", "listdir", OPEN, "path", listdir},
	{"osid", "getlist", OPEN, NULL, osid_getlist},
	{"osid", "info", 0, "osid", osid_info},
	{"imageid", "getlist", OPEN, NULL, imageid_getlist}, {0}};
