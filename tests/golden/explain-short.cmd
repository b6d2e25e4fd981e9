explain e101
