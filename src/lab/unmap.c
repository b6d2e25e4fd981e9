/* An experiment gives its machines back, and goes. */
#include "lab/model.h"

#include <string.h>

void lab_machine_release(struct lab_machine *machine)
{
	machine->owner = -1;
	machine->vname = machine->erole = machine->osid = NULL;
	machine->eventstatus = machine->status = NULL;
	machine->host = -1;
	if (machine->is_virtual)
		machine->id[0] = '\0';
	for (int k = 0; k < machine->n_ifaces; k++) {
		struct lab_iface *i = &machine->ifaces[k];

		if (i->control)
			continue;
		i->has_ip = false;
		memset(&i->ip, 0, sizeof(i->ip));
		memset(&i->mask, 0, sizeof(i->mask));
		i->lan = NULL;
		i->vport = i->peer_wire = -1;
	}
}

void lab_unmap(struct lab_site *site, struct lab_experiment *e)
{
	int owner = lab_index(site, e);

	for (size_t i = 0; i < site->n_machines; i++)
		if (site->machines[i].owner == owner)
			lab_machine_release(&site->machines[i]);
	e->wires = NULL;
	e->delays = NULL;
	e->traces = NULL;
	e->linkdelays = NULL;
	e->veths = NULL;
	e->n_veths = 0;
	e->n_wires = e->n_delays = e->n_traces = e->n_linkdelays = 0;
	e->lookup = (struct lab_lookup){0};
	arena_release(&e->arena);
}
