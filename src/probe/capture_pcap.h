/* Capture by libpcap, where there is nothing better; not on nodes. */
#ifndef NFZ_PROBE_CAPTURE_PCAP_H
#define NFZ_PROBE_CAPTURE_PCAP_H

#include "probe/capture.h"

extern const struct capture_way capture_pcap;

#endif
