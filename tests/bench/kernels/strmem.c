/* String and memory functions of the C library on short and medium strings. */
#define _GNU_SOURCE
#include "bench.h"

#define TEXT 65536

static char text[TEXT + 1], copy[TEXT + 1];

static void make_text(void)
{
    uint32_t seed = 7;
    for (int i = 0; i < TEXT; i++) {
        uint32_t r = bench_random(&seed) >> 8;
        text[i] = r % 7 == 0 ? ' ' : r % 211 == 1 ? '\n' : (char)('a' + r % 26);
    }
}

static uint64_t words(uint64_t sum)
{
    char word[64], last[64] = "";
    for (const char *p = text; *p;) {
        size_t n = strcspn(p, " \n");
        size_t take = n < sizeof word - 1 ? n : sizeof word - 1;
        memcpy(word, p, take);
        word[take] = 0;
        sum = bench_mix(sum, strlen(word) + (strcmp(word, last) < 0) + (strchr(word, 'e') != NULL));
        strcpy(last, word);
        p += n + (p[n] != 0);
    }
    return sum;
}

static uint64_t lines(uint64_t sum)
{
    for (const char *p = text, *end = text + TEXT; p < end;) {
        const char *next = memchr(p, '\n', (size_t)(end - p));
        size_t n = (size_t)((next ? next : end) - p);
        memmove(copy, p, n);
        copy[n] = 0;
        sum = bench_mix(sum, n + (strstr(copy, "ab") != NULL) + (strrchr(copy, 'z') != NULL) +
                                 (memcmp(copy, p, n) == 0));
        p += n + 1;
    }
    return sum;
}

int main(int argc, char **argv)
{
    long rounds = bench_work(argc, argv, 500);
    uint64_t sum = 0;
    make_text();
    for (long r = 0; r < rounds; r++) {
        sum = lines(words(sum));
        memset(copy, (int)r, TEXT);
        memcpy(copy, text, TEXT);
        sum = bench_mix(sum, strlen(copy) + strnlen(text, 1000) + (memcmp(copy, text, TEXT) == 0));
        text[r % TEXT] = 'q';
    }
    printf("strmem %016llx\n", (unsigned long long)sum);
    return 0;
}
