/* Plain types and small constants that every layer uses. Knows no guest. */
#ifndef EMU_BASE_TYPES_H
#define EMU_BASE_TYPES_H

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COUNTOF(a) (sizeof(a) / sizeof((a)[0]))
#define ALIGN_DOWN(x, a) ((x) & ~((uint64_t)(a) - 1))
#define ALIGN_UP(x, a) (((x) + ((uint64_t)(a) - 1)) & ~((uint64_t)(a) - 1))
#define PAGE_SIZE_4K 4096ul

typedef unsigned __int128 uint128_t;
typedef __int128 int128_t;

/* One 128-bit vector register; lane 0 is the least significant. */
typedef union V128 {
    uint8_t u8[16];
    uint16_t u16[8];
    uint32_t u32[4];
    uint64_t u64[2];
    int8_t s8[16];
    int16_t s16[8];
    int32_t s32[4];
    int64_t s64[2];
} __attribute__((aligned(16))) V128;

#endif
