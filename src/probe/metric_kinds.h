/* The metrics there are. */
#ifndef NFZ_PROBE_METRIC_KINDS_H
#define NFZ_PROBE_METRIC_KINDS_H

#include "probe/metric.h"

extern const struct flow_metric metric_sizes;       /* metric_ip.c */
extern const struct flow_metric metric_ttl;         /* metric_ip.c */
extern const struct flow_metric metric_jitter;      /* metric_ip.c */
extern const struct flow_metric metric_rtt;         /* metric_tcp.c */
extern const struct flow_metric metric_window;      /* metric_tcp.c */
extern const struct flow_metric metric_sequence;    /* metric_sequence.c */
extern const struct flow_metric metric_fingerprint; /* metric_fingerprint.c */
extern const struct flow_metric metric_icmp;        /* metric_icmp.c */
extern const struct flow_metric metric_application; /* metric_application.c */

#endif
