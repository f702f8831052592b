/* Says hello and shows which machine it believes to run on. */
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

int main(void)
{
    union {
        uint32_t word;
        unsigned char byte[4];
    } probe = {0x01020304};

    printf("Hello World!\n");
    printf("Endian Type: %s-endian\n", probe.byte[0] == 4 ? "Little" : "Big");
    printf("Bit: %zu-bit\n", sizeof(void *) * 8);
    printf("Sizeof {int, long, long long, void*, size_t, off_t}: {%zu, %zu, %zu, %zu, %zu, %zu}\n",
           sizeof(int), sizeof(long), sizeof(long long), sizeof(void *), sizeof(size_t),
           sizeof(off_t));
    return 0;
}
