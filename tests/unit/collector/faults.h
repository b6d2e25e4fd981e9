/* A disk that fails when it is told to, for this process and those it forks.
 * Sockets and pipes never fail. */
#ifndef TESTS_COLLECTOR_FAULTS_H
#define TESTS_COLLECTOR_FAULTS_H

enum fault_call { FAULT_NONE, FAULT_WRITE, FAULT_SYNC };

/* From now on every such call on a file fails with that error. */
void fault_set(enum fault_call call, int error);

#endif
