/* What can go wrong with the testbed itself (emulab-api reference, sections 1,
 * 9 and 14): "nodes" of the name boss. */
#include "base/mem.h"
#include "lab/service_parts.h"

#include <string.h>

enum { SLOW_MS = 1500 };

static const struct {
	const char *name, *help;
	enum lab_inject inject;
} faults[] = {
	{"modify-parse", "boss: its parser refuses the next change",
		LAB_INJECT_PARSE},
	{"modify-map", "boss: its mapper fails at the next change",
		LAB_INJECT_MAP},
	{"modify-late", "boss: the next change fails late, swapping out",
		LAB_INJECT_LATE},
	{"cut", "boss: its next answer is cut in the middle", LAB_INJECT_CUT},
	{"closed", "boss: closed for logins", LAB_INJECT_NONE},
	{"locked", "boss: the experiment is locked down", LAB_INJECT_NONE},
	{"deaf", "boss: every answer takes 1.5 s", LAB_INJECT_NONE},
	{"clear", "boss: as usual", LAB_INJECT_NONE},
};
enum { N_FAULTS = sizeof(faults) / sizeof(faults[0]) };

const char *lab_service_fault_kind(size_t i)
{
	return i < N_FAULTS ? faults[i].name : NULL;
}

const char *lab_service_fault_help(const char *kind)
{
	for (size_t i = 0; i < N_FAULTS; i++)
		if (strcmp(faults[i].name, kind) == 0)
			return faults[i].help;
	return NULL;
}

static void close_logins(struct lab_site *site, const char *notice)
{
	free(site->nologins);
	site->nologins = notice ? mem_strdup(notice) : NULL;
}

int lab_service_fault(struct lab_service *svc, struct lab_experiment *e,
	const char *kind, struct err *err)
{
	size_t i = 0;

	while (i < N_FAULTS && strcmp(faults[i].name, kind) != 0)
		i++;
	if (i == N_FAULTS)
		return err_set(err, NFZ_E_USAGE,
			"there is no fault \"%s\" of the testbed itself", kind);
	if (faults[i].inject != LAB_INJECT_NONE) {
		lab_service_inject(svc, faults[i].inject);
	} else if (strcmp(kind, "closed") == 0) {
		close_logins(svc->site, "Down for maintenance until 18:00.");
	} else if (strcmp(kind, "locked") == 0) {
		e->locked = true;
	} else if (strcmp(kind, "deaf") == 0) {
		lab_service_delay(svc, SLOW_MS);
	} else {
		lab_service_inject(svc, LAB_INJECT_NONE);
		lab_service_delay(svc, 0);
		close_logins(svc->site, NULL);
		e->locked = false;
	}
	return 0;
}
