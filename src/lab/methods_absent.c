/* Methods that the original has and that make no sense on one machine: they
 * test their arguments as it does and then say so. */
#include "lab/dispatch.h"

static void absent(struct lab_call *c, struct lab_experiment *e)
{
	(void)e;
	call_exit(c, 255, "*** %s:\n***   not available on a local testbed\n",
		c->request.method);
}

enum { OPEN = CALL_VERSION | CALL_NOLOGINS, OF_EXPERIMENT = OPEN | CALL_PERM };

const struct call_method methods_absent[] = {
	{"experiment", "constraints", OPEN, NULL, absent},
	{"experiment", "link_config", OF_EXPERIMENT, "proj exp link params",
		absent},
	{"experiment", "iwconfig", OF_EXPERIMENT, "proj exp link params",
		absent},
	{"experiment", "reboot", OF_EXPERIMENT, "proj exp", absent},
	{"experiment", "reload", OF_EXPERIMENT, "proj exp", absent},
	{"experiment", "eventsys_control", OF_EXPERIMENT, "proj exp action",
		absent},
	{"experiment", "savelogs", OF_EXPERIMENT | CALL_CHARS_ARGS, "proj exp",
		absent},
	{"experiment", "readycount", OPEN, NULL, absent},
	{"node", "reboot", OPEN, "nodes", absent},
	{"node", "reload", OPEN, "nodes", absent},
	{"node", "create_image", OPEN, "imagename node", absent},
	{"node", "adminmode", OPEN, "mode node", absent},
	{"node", "tbuisp", OPEN, "op filestr nodes", absent},
	{"node", "statewait", OPEN, "node state", absent},
	{"node", "waconfig", CALL_VERSION, "node", absent},
	{"user", "collabpassword", OPEN, NULL, absent},
	{"emulab", "getareas", CALL_VERSION, NULL, absent}, {0}};
