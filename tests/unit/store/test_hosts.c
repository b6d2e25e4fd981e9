#include "store/hosts.h"

#include <criterion/criterion.h>
#include <string.h>

/* An IPv4 address is told by its last bytes; another kind of address that ends
 * in them is another one. */
Test(hosts, addresses_keep_their_numbers)
{
	enum { N = 5000 };
	struct net_addr a[2 * N];
	uint32_t numbers[2 * N];
	struct hosts h;

	hosts_init(&h);
	for (size_t i = 0; i < N; i++) {
		a[i] = net_addr_v4_host((uint32_t)i * 2654435761u);
		a[N + i] = a[i];
		a[N + i].b[0] = (uint8_t)(i % 2 ? 0x20 : 0);
		a[N + i].b[10] = 0;
	}
	cr_assert(hosts_numbers(&h, a, 2 * N, numbers));
	for (size_t i = 0; i < 2 * N; i++) {
		cr_assert_eq(numbers[i], i);
		cr_assert_eq(hosts_number(&h, &a[i]), i);
		cr_assert_eq(memcmp(&h.addrs[i], &a[i], sizeof(a[i])), 0);
	}
	hosts_release(&h);
}
