/* A bytecode interpreter with computed goto: one indirect jump for every operation. */
#include "bench.h"

enum { PUSH, ADD, SUB, XOR, SHIFT, LOAD, STORE, JUMP_POSITIVE, DECREMENT, DUP, HALT };

/* for (n = N; n > 0; n--) { a = a + (b ^ n); b = (b - a) ^ (a >> 7); } return a ^ b; */
static const int16_t program[] = {
    LOAD, 1, LOAD, 2, LOAD, 0, XOR, ADD, DUP, STORE, 1, LOAD, 2, LOAD, 1, SUB, STORE, 2,
    PUSH, 7, SHIFT, LOAD, 2, XOR, STORE, 2, DECREMENT, 0, JUMP_POSITIVE, 0, 0,
    LOAD, 1, LOAD, 2, XOR, HALT,
};

static uint64_t run(const int16_t *code, uint64_t *variable)
{
    static const void *const label[] = {
        &&push, &&add, &&sub, &&xor, &&shift, &&load, &&store, &&jump_positive, &&decrement, &&dup,
        &&halt,
    };
    uint64_t stack[16], *top = stack;
    const int16_t *pc = code;

push:
    if (pc == code)
        goto *label[*pc++];
    *++top = (uint64_t)*pc++;
    goto *label[*pc++];
add:
    top--;
    top[0] += top[1];
    goto *label[*pc++];
sub:
    top--;
    top[0] -= top[1];
    goto *label[*pc++];
xor:
    top--;
    top[0] ^= top[1];
    goto *label[*pc++];
shift:
    top--;
    top[0] >>= top[1] & 63;
    goto *label[*pc++];
load:
    *++top = variable[*pc++];
    goto *label[*pc++];
store:
    variable[*pc++] = *top--;
    goto *label[*pc++];
jump_positive:
    pc = (int64_t)variable[*pc] > 0 ? code + pc[1] : pc + 2;
    goto *label[*pc++];
decrement:
    variable[*pc++]--;
    goto *label[*pc++];
dup:
    top[1] = top[0];
    top++;
    goto *label[*pc++];
halt:
    return *top;
}

int main(int argc, char **argv)
{
    uint64_t variable[4] = { (uint64_t)bench_work(argc, argv, 12000000), 1, 2, 0 };
    printf("interp %016llx\n", (unsigned long long)run(program, variable));
    return 0;
}
