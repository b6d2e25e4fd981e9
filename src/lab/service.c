/* The service begins, ends, and is told how to behave. */
#include "lab/service_parts.h"
#include "base/mem.h"

enum { STEP_MS = 300, CONNECTIONS = 64 };

int lab_service_start(struct loop *loop, int listen_fd,
	const struct lab_service_setup *setup, struct lab_service **ret,
	struct err *err)
{
	struct lab_service *svc = mem_zalloc(1, sizeof(*svc));
	int r = 0;

	svc->loop = loop;
	svc->listen_fd = listen_fd;
	svc->site = setup->site;
	if (setup->actions)
		svc->actions = *setup->actions;
	svc->step_ms = setup->step_ms > 0 ? setup->step_ms : STEP_MS;
	svc->max_connections = setup->max_connections > 0
				       ? setup->max_connections
				       : CONNECTIONS;
	if (listen_fd >= 0)
		r = tls_new(setup->ca_file, setup->cert_file, &svc->tls, err);
	if (r == 0 && listen_fd >= 0)
		r = service_listen(svc, err);
	if (r < 0) {
		lab_service_stop(svc);
		return r;
	}
	*ret = svc;
	return 0;
}

void lab_service_stop(struct lab_service *svc)
{
	if (!svc)
		return;
	service_hang_up(svc);
	service_swap_drop(svc);
	service_check_drop(svc);
	while (svc->waiting)
		lab_call_cancel(svc, svc->waiting);
	loop_timer_stop(svc->loop, svc->ticker);
	tls_free(svc->tls);
	free(svc);
}

void lab_service_delay(struct lab_service *svc, int64_t delay_ms)
{
	svc->delay_ms = delay_ms;
}
