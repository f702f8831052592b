/* build: -static -pthread -march=armv8.1-a -mno-outline-atomics */
#include "tests/regress/atomics.c"
