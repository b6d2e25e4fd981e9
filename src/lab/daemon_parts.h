/* The launcher's inside, for daemon.c and control.c. */
#ifndef NFZ_LAB_DAEMON_PARTS_H
#define NFZ_LAB_DAEMON_PARTS_H

#include "base/loop.h"
#include "lab/model.h"
#include "lab/runtime.h"
#include "lab/service.h"
#include "lab/state.h"

struct launcher {
	struct testbed testbed;
	struct loop *loop;
	struct lab_site *site;
	struct lab_experiment *e;
	struct lab_runtime *rt;
	struct lab_service *service;
	int control_fd, service_fd;
	char *delay_os;
};

#endif
