/* Applies the column `facts` of ops.def. Invariant: an answer holds for all values of arguments. */
#include "tcg-lite/ir/facts.h"
#include "tcg-lite/ir/vconst.h"

bool ir_upper_zero(const IrInst *i, uint32_t zero_above)
{
    bool imm = i->b == IR_IMM;

    switch (ir_op_info[i->op].facts & FACT_MASK) {
    case UP_SIZE:
        return i->size == 4;
    case UP_ZERO:
        return true;
    case UP_MOVE:
        if (i->a == IR_IMM)
            return ir_argument(i, (uint64_t)i->imm) <= UINT32_MAX;
        return i->size == 4 || i->a == IR_ZERO || (ir_is_x(i->a) && zero_above >> i->a & 1);
    case UP_AND:
        return i->size == 4 || (imm && (uint64_t)i->imm <= UINT32_MAX);
    case UP_SHR:
        return i->size == 4 || (imm && ir_shift_count(i, (uint64_t)i->imm) >= 32);
    case UP_FIELD:
        return i->imm >> 8 <= 32;
    case UP_LOAD:
        return i->sub ? i->sub == 4 : i->size < 8;
    default:
        return false;
    }
}

static unsigned shuffled(const IrInst *i, unsigned a)
{
    if (i->b == IR_VK && i->imm >= VK_NARROW && i->imm < VK_NARROW_HIGH + 3)
        return 8;
    return i->b == IR_VK && i->imm >= VK_REV64 && i->imm <= VK_REV16 ? a : 16;
}

/* Lanes may be of 8 bytes, so that no less is known. */
unsigned ir_lane_bytes(const IrInst *i, unsigned a, unsigned b)
{
    unsigned bytes = 16;

    switch (ir_op_info[i->op].facts & FACT_MASK) {
    case LOW_MAX:
        bytes = a > b ? a : b;
        break;
    case LOW_MIN:
        bytes = a < b ? a : b;
        break;
    case LOW_A:
        bytes = a;
        break;
    case LOW_B:
        bytes = b;
        break;
    case LOW_BSHR:
        bytes = i->imm >= 8 ? 8 : a;
        break;
    case LOW_PACK:
        bytes = b ? 16 : 8;
        break;
    case LOW_SHUFFLE:
        bytes = shuffled(i, a);
        break;
    default:
        break;
    }
    return bytes <= 8 ? 8 : 16;
}

unsigned ir_low_bytes(const IrInst *i, unsigned a, unsigned b)
{
    switch (ir_op_info[i->op].facts & FACT_MASK) {
    case LOW_ALL:
        return 16;
    case LOW_SIZE:
        return i->size < 4 ? 4 : i->size;
    case LOW_SUB:
        return i->sub < 4 ? 4 : i->sub;
    case LOW_CONST:
        return i->size != 8 ? 16 : i->imm == (uint32_t)i->imm ? 4 : 8;
    case LOW_ZERO:
        return 4;
    default:
        return i->sub == 8 ? 8 : ir_lane_bytes(i, a, b);
    }
}

unsigned ir_numbers(const IrInst *i, const unsigned numbers[3], bool traps, bool fma_traps)
{
    unsigned all = numbers[0] & numbers[1] & numbers[2], size = i->size;

    switch (ir_op_info[i->op].facts & ~FACT_MASK) {
    case NUM_ALL:
        return 4 | 8;
    case NUM_SIZE:
        return size;
    case NUM_ARGS:
        return all & size;
    case NUM_MOVE:
        return size == 16 ? all : all & size;
    case NUM_CONST:
        return size == 8 && ((uint64_t)i->imm >> 52 & 0x7ff) != 0x7ff ? 8 : 0;
    case NUM_TRAPS:
        return traps ? size : 0;
    case NUM_TRAPS_ARGS:
        return traps ? all & size : 0;
    case NUM_FMA:
        return !traps ? 0 : fma_traps ? size : all & size;
    default:
        return 0;
    }
}
