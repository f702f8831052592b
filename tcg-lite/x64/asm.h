/*
 * x86-64 assembler: one function per instruction form. Each call emits exactly the form that
 * its comment names (sizes are in bytes: 1, 2, 4, 8); nothing is optimised behind the caller's
 * back, except that the shortest encoding of that form is chosen. Flags change only where the
 * instruction itself changes them.
 *
 * Invariant: nothing is ever written at or after Asm.end; when an instruction does not fit,
 * `overflow` is set and every later call emits nothing.
 */
#ifndef TCG_LITE_X64_ASM_H
#define TCG_LITE_X64_ASM_H

#include "emu/base/types.h"

typedef uint8_t Xmm;  /* xmm0..31; 16..31 need AVX-512VL */
typedef uint8_t KReg; /* k0..7 */

/* Bytes that building one instruction may touch. */
#define ASM_ROOM 24

typedef struct Asm {
    uint8_t *p; /* next byte, in the writable view */
    uint8_t *start;
    uint8_t *end;
    int64_t exec_delta; /* address in the executable view = writable address + exec_delta */
    bool overflow;
    uint32_t written; /* bit per Gpr that an instruction wrote; cleared by whoever wants to know */
    uint8_t spare[ASM_ROOM]; /* of enc.h */
    Xmm vscratch; /* free for the assembler on hosts without AVX; 0..15 */
} Asm;

/* vscratch = 15. */
void x64_init(Asm *a, void *start, size_t size, int64_t exec_delta);

/* The address of the next instruction in the executable view. */
static inline uint64_t x64_here(const Asm *a)
{
    return (uint64_t)a->p + (uint64_t)a->exec_delta;
}

typedef enum Gpr {
    RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15
} Gpr;

typedef enum X64Cc {
    CC_O, CC_NO, CC_B, CC_AE, CC_E, CC_NE, CC_BE, CC_A, CC_S, CC_NS, CC_P, CC_NP, CC_L, CC_GE,
    CC_LE, CC_G,
    CC_C = CC_B, CC_NC = CC_AE, CC_Z = CC_E, CC_NZ = CC_NE
} X64Cc;

static inline X64Cc x64_cc_invert(X64Cc cc)
{
    return (X64Cc)((int)cc ^ 1);
}

/* A memory operand. Make it with the mem_ functions. */
#define MEM_NONE (-1)
typedef struct Mem {
    int8_t base;  /* Gpr or MEM_NONE */
    int8_t index; /* Gpr (not RSP) or MEM_NONE */
    uint8_t scale_log2;
    bool rip;
    int32_t disp;
    uint64_t target; /* rip: address in the executable view */
} Mem;

/* [base + disp] */
static inline Mem mem_bd(Gpr base, int32_t disp)
{
    return (Mem){.base = (int8_t)base, .index = MEM_NONE, .disp = disp};
}

/* [base + index << scale_log2 + disp] */
static inline Mem mem_bisd(Gpr base, Gpr index, unsigned scale_log2, int32_t disp)
{
    return (Mem){.base = (int8_t)base, .index = (int8_t)index, .scale_log2 = (uint8_t)scale_log2,
                 .disp = disp};
}

/* [index << scale_log2 + disp] */
static inline Mem mem_isd(Gpr index, unsigned scale_log2, int32_t disp)
{
    return (Mem){.base = MEM_NONE, .index = (int8_t)index, .scale_log2 = (uint8_t)scale_log2,
                 .disp = disp};
}

/*
 * [rip + ...] that reaches `target`, an address in the executable view within 2 GiB (checked).
 * The displacement is computed when the instruction's length is known.
 */
static inline Mem mem_rip(uint64_t target)
{
    return (Mem){.base = MEM_NONE, .index = MEM_NONE, .rip = true, .target = target};
}

/* [disp], sign-extended */
static inline Mem mem_abs32(int32_t disp)
{
    return (Mem){.base = MEM_NONE, .index = MEM_NONE, .disp = disp};
}

/* ---- moves ---- */

void x64_mov_rr(Asm *a, int size, Gpr d, Gpr s); /* sizes 1, 2 merge, 4 zero-extends */
void x64_mov_ri(Asm *a, Gpr d, uint64_t v);        /* 64-bit d = v, shortest; flags untouched */
void x64_mov_ri64(Asm *a, Gpr d, uint64_t v);      /* movabs, always 10 bytes (patchable) */
void x64_mov_rm(Asm *a, int size, Gpr d, Mem s);   /* mov d, [s]: sizes 1, 2 merge */
void x64_mov_mr(Asm *a, int size, Mem d, Gpr s);   /* mov [d], s */
void x64_mov_mi(Asm *a, int size, Mem d, int32_t v); /* mov [d], imm: size 8 sign-extends */
void x64_movzx_rr(Asm *a, int ssize, Gpr d, Gpr s); /* 64-bit d = zero-extended s; ssize 1, 2, 4 */
void x64_movzx_rm(Asm *a, int ssize, Gpr d, Mem s); /* also ssize 8 = plain load */
/* d of dsize (4: upper half zero, or 8) = sign-extended s of ssize 1, 2, 4; 4 to 4 is mov */
void x64_movsx_rr(Asm *a, int dsize, int ssize, Gpr d, Gpr s);
void x64_movsx_rm(Asm *a, int dsize, int ssize, Gpr d, Mem s); /* ssize == dsize: plain load */
void x64_lea(Asm *a, int size, Gpr d, Mem s); /* size 4, 8 */
void x64_xchg_rr(Asm *a, int size, Gpr d, Gpr s);
void x64_bswap(Asm *a, int size, Gpr d);            /* size 4, 8 */
void x64_movbe_rm(Asm *a, int size, Gpr d, Mem s);  /* host.movbe; size 2, 4, 8 */
void x64_movbe_mr(Asm *a, int size, Mem d, Gpr s);  /* host.movbe */
void x64_cmov_rr(Asm *a, X64Cc cc, int size, Gpr d, Gpr s); /* size 2, 4, 8 */
void x64_cmov_rm(Asm *a, X64Cc cc, int size, Gpr d, Mem s);
void x64_setcc_r(Asm *a, X64Cc cc, Gpr d); /* low byte only */
void x64_setcc_m(Asm *a, X64Cc cc, Mem d);
void x64_push(Asm *a, Gpr r);
void x64_pop(Asm *a, Gpr r);
void x64_push_m(Asm *a, Mem s); /* 64-bit */
void x64_pop_m(Asm *a, Mem d);
void x64_push_i(Asm *a, int32_t v);
void x64_pushfq(Asm *a);
void x64_popfq(Asm *a);

/* ---- arithmetic: the values are the opcode-extension fields ---- */

typedef enum AluOp {
    ALU_ADD, ALU_OR, ALU_ADC, ALU_SBB, ALU_AND, ALU_SUB, ALU_XOR, ALU_CMP
} AluOp;
void x64_alu_rr(Asm *a, AluOp op, int size, Gpr d, Gpr s);
void x64_alu_rm(Asm *a, AluOp op, int size, Gpr d, Mem s);
void x64_alu_mr(Asm *a, AluOp op, int size, Mem d, Gpr s);
void x64_alu_ri(Asm *a, AluOp op, int size, Gpr d, int32_t v); /* size 8 sign-extends v */
void x64_alu_mi(Asm *a, AluOp op, int size, Mem d, int32_t v);
void x64_test_rr(Asm *a, int size, Gpr d, Gpr s);
void x64_test_ri(Asm *a, int size, Gpr d, int32_t v);
void x64_test_mr(Asm *a, int size, Mem d, Gpr s);
void x64_test_mi(Asm *a, int size, Mem d, int32_t v);

/* MUL, IMUL: rdx:rax = rax * r; DIV, IDIV: of rdx:rax */
typedef enum UnOp { UN_NOT = 2, UN_NEG, UN_MUL, UN_IMUL, UN_DIV, UN_IDIV } UnOp;
void x64_un_r(Asm *a, UnOp op, int size, Gpr r);
void x64_un_m(Asm *a, UnOp op, int size, Mem m);

void x64_imul_rr(Asm *a, int size, Gpr d, Gpr s); /* d *= s; size 2, 4, 8 */
void x64_imul_rm(Asm *a, int size, Gpr d, Mem s);
void x64_imul_rri(Asm *a, int size, Gpr d, Gpr s, int32_t v); /* d = s * v */
void x64_imul_rmi(Asm *a, int size, Gpr d, Mem s, int32_t v);
void x64_cdq(Asm *a, int size); /* cdq (4), cqo (8): rdx = sign of rax */

typedef enum ShiftOp { SH_ROL, SH_ROR, SH_RCL, SH_RCR, SH_SHL, SH_SHR, SH_SAR = 7 } ShiftOp;
void x64_shift_ri(Asm *a, ShiftOp op, int size, Gpr d, unsigned n);
void x64_shift_mi(Asm *a, ShiftOp op, int size, Mem d, unsigned n);
void x64_shift_rcl(Asm *a, ShiftOp op, int size, Gpr d); /* by cl */
void x64_shift_mcl(Asm *a, ShiftOp op, int size, Mem d);
void x64_shld_rri(Asm *a, int size, Gpr d, Gpr s, unsigned n); /* size 2, 4, 8 */
void x64_shrd_rri(Asm *a, int size, Gpr d, Gpr s, unsigned n);
void x64_shld_rrcl(Asm *a, int size, Gpr d, Gpr s);
void x64_shrd_rrcl(Asm *a, int size, Gpr d, Gpr s);

/* BMI; size 4, 8. Flags untouched except by ANDN, BEXTR and BLSx. */
typedef enum ShiftxOp { SHX_SHLX, SHX_SHRX, SHX_SARX } ShiftxOp;
void x64_shiftx_rrr(Asm *a, ShiftxOp op, int size, Gpr d, Gpr s, Gpr count); /* host.bmi2 */
void x64_shiftx_rmr(Asm *a, ShiftxOp op, int size, Gpr d, Mem s, Gpr count); /* host.bmi2 */
void x64_rorx_rri(Asm *a, int size, Gpr d, Gpr s, unsigned n);             /* host.bmi2 */
void x64_rorx_rmi(Asm *a, int size, Gpr d, Mem s, unsigned n);             /* host.bmi2 */
void x64_mulx(Asm *a, int size, Gpr hi, Gpr lo, Gpr s);   /* host.bmi2: hi:lo = rdx * s */
void x64_bzhi(Asm *a, int size, Gpr d, Gpr s, Gpr n);     /* host.bmi2 */
void x64_pdep(Asm *a, int size, Gpr d, Gpr s, Gpr mask);  /* host.bmi2 */
void x64_pext(Asm *a, int size, Gpr d, Gpr s, Gpr mask);  /* host.bmi2 */
void x64_andn_rrr(Asm *a, int size, Gpr d, Gpr s, Gpr t); /* host.bmi1: d = ~s & t */
void x64_andn_rrm(Asm *a, int size, Gpr d, Gpr s, Mem t);
void x64_bextr(Asm *a, int size, Gpr d, Gpr s, Gpr ctl);  /* host.bmi1: ctl = start | len << 8 */
void x64_blsr(Asm *a, int size, Gpr d, Gpr s);            /* host.bmi1: d = s & (s - 1) */
void x64_blsmsk(Asm *a, int size, Gpr d, Gpr s);          /* host.bmi1: d = s ^ (s - 1) */
void x64_blsi(Asm *a, int size, Gpr d, Gpr s);            /* host.bmi1: d = s & -s */

/* ADCX (carry flag), ADOX (overflow flag): d += s + flag; host.adx; size 4, 8 */
void x64_adcx(Asm *a, int size, Gpr d, Gpr s);
void x64_adox(Asm *a, int size, Gpr d, Gpr s);

typedef enum BitOp { BT_BT = 4, BT_BTS, BT_BTR, BT_BTC } BitOp; /* CF = the old bit */
void x64_bt_ri(Asm *a, BitOp op, int size, Gpr d, unsigned n);  /* size 2, 4, 8 */
void x64_bt_rr(Asm *a, BitOp op, int size, Gpr d, Gpr n);
void x64_bt_mi(Asm *a, BitOp op, int size, Mem d, unsigned n);

/* LZCNT needs host.lzcnt, TZCNT host.bmi1 (else they run as BSR, BSF!), POPCNT is in v2. */
typedef enum ScanOp { SCAN_BSF, SCAN_BSR, SCAN_TZCNT, SCAN_LZCNT, SCAN_POPCNT } ScanOp;
void x64_scan_rr(Asm *a, ScanOp op, int size, Gpr d, Gpr s); /* size 2, 4, 8 */
void x64_scan_rm(Asm *a, ScanOp op, int size, Gpr d, Mem s);

void x64_crc32_rr(Asm *a, int ssize, Gpr d, Gpr s); /* CRC-32C of the low ssize bytes of s into d */
void x64_crc32_rm(Asm *a, int ssize, Gpr d, Mem s);

/* ---- flags and other single instructions ---- */

void x64_lahf(Asm *a); /* host.lahf */
void x64_sahf(Asm *a); /* host.lahf */
void x64_cmc(Asm *a);
void x64_stc(Asm *a);
void x64_clc(Asm *a);
void x64_cld(Asm *a);
void x64_ud2(Asm *a);
void x64_int3(Asm *a);
void x64_mfence(Asm *a);
void x64_lfence(Asm *a);
void x64_sfence(Asm *a);
void x64_pause(Asm *a);
void x64_rdtsc(Asm *a);
void x64_ldmxcsr(Asm *a, Mem s); /* 32-bit */
void x64_stmxcsr(Asm *a, Mem d);
typedef enum PrefetchHint { PREFETCH_NTA, PREFETCH_T0, PREFETCH_T1, PREFETCH_T2, PREFETCH_W }
    PrefetchHint;
void x64_prefetch(Asm *a, PrefetchHint hint, Mem m);
void x64_rep_stosq(Asm *a); /* rcx quadwords of rax at rdi */
void x64_rep_movsb(Asm *a); /* rcx bytes from rsi to rdi */

/* ---- atomics ---- */

void x64_lock(Asm *a); /* the LOCK prefix of the next instruction (which must take it) */
void x64_xchg_mr(Asm *a, int size, Mem d, Gpr s); /* always locked by the processor */
void x64_xadd_mr(Asm *a, int size, Mem d, Gpr s);
void x64_cmpxchg_mr(Asm *a, int size, Mem d, Gpr s); /* compares with rax */
void x64_cmpxchg16b(Asm *a, Mem d); /* rdx:rax compared, rcx:rbx new; d 16-byte aligned */

/* ---- control flow; targets are addresses in the executable view ---- */

void x64_ret(Asm *a);
void x64_call_r(Asm *a, Gpr r);
void x64_call_m(Asm *a, Mem m);
void x64_call_to(Asm *a, uint64_t target); /* rel32, checked to reach */
void x64_jmp_r(Asm *a, Gpr r);
void x64_jmp_m(Asm *a, Mem m);
void x64_jmp_to(Asm *a, uint64_t target); /* shortest; checked to reach */
void x64_jcc_to(Asm *a, X64Cc cc, uint64_t target);
bool x64_reaches(const Asm *a, uint64_t target); /* by rel32 from anywhere in the buffer */

/* Always rel32. They return the position of the field in the writable view, for patching. */
uint8_t *x64_jmp_rel32(Asm *a, uint64_t target);
uint8_t *x64_jcc_rel32(Asm *a, X64Cc cc, uint64_t target);
uint8_t *x64_call_rel32(Asm *a, uint64_t target);

/* Forward jumps: made now, bound later. fwd8 is checked to reach when bound. */
typedef struct Fixup {
    uint8_t *at;  /* the field, in the writable view; NULL after overflow */
    uint8_t size; /* 1, 4 */
} Fixup;
Fixup x64_jcc_fwd8(Asm *a, X64Cc cc);
Fixup x64_jcc_fwd32(Asm *a, X64Cc cc);
Fixup x64_jmp_fwd8(Asm *a);
Fixup x64_jmp_fwd32(Asm *a);
Fixup x64_lea_fwd(Asm *a, Gpr d); /* lea d, [rip + ...]: the address of the bound place */
void x64_bind(Asm *a, Fixup fix); /* the jump goes to the next instruction */

void x64_nop(Asm *a, size_t bytes); /* the fewest multi-byte NOPs */
void x64_align(Asm *a, size_t alignment);
/*
 * NOPs so that the rel32 field of the next instruction, after opcode_bytes (1: jmp, call;
 * 2: jcc), lies inside 8 aligned bytes and can be patched while other threads execute it.
 */
void x64_align_rel32(Asm *a, size_t opcode_bytes);
/* One atomic store. write_pos, exec_pos: the field in the two views. Dies if out of reach. */
void x64_patch_rel32(uint8_t *write_pos, uint64_t exec_pos, uint64_t target);

/* ---- vectors: all forms are 128-bit or scalar ---- */

/* The instructions: one row of vops.def each. */
typedef enum VOp {
#define VOP(id, ...) VOP_##id,
#include "tcg-lite/x64/vops.def"
#undef VOP
    VOP_COUNT
} VOp;

/*
 * Encodings. Registers 0..15: VEX when the row has it and the host can, else legacy SSE, else
 * EVEX. Any register >= 16, or a mask: EVEX. No possible encoding: CHECK failure.
 * Legacy two-operand forms are completed inside (movaps d, a; may use Asm.vscratch); legacy
 * memory operands of 16 bytes need no alignment either (loaded through vscratch), except those
 * of the aligned moves. Consequence: without AVX, operands must not be vscratch; the SHA rows,
 * which have only a legacy form, use it on every host.
 * Emission of VEX or EVEX forms zeroes bits 128 and up of d; legacy forms keep them.
 */

/* The host can encode it with registers 0..15. */
bool x64_vop_available(VOp op);
/* The host can encode it with registers 16..31, and masks. */
bool x64_vop_has_evex(VOp op);
const char *x64_vop_name(VOp op);

/* The shape of each row of vops.def (here in capitals) tells which functions take it. */
void x64_v3(Asm *a, VOp op, Xmm d, Xmm s, Xmm t);                /* NDS: d = s op t */
void x64_v3m(Asm *a, VOp op, Xmm d, Xmm s, Mem t);               /* NDS, NDSG */
void x64_v3i(Asm *a, VOp op, Xmm d, Xmm s, Xmm t, uint8_t imm);  /* NDSI */
void x64_v3mi(Asm *a, VOp op, Xmm d, Xmm s, Mem t, uint8_t imm); /* NDSI, NDSGI */
void x64_v3g(Asm *a, VOp op, Xmm d, Xmm s, Gpr t);               /* NDSG: cvtsi2sd */
void x64_v3gi(Asm *a, VOp op, Xmm d, Xmm s, Gpr t, uint8_t imm); /* NDSGI: pinsr */
void x64_v4(Asm *a, VOp op, Xmm d, Xmm s, Xmm t, Xmm mask);      /* BLENDV: d = mask ? t : s */
void x64_v2(Asm *a, VOp op, Xmm d, Xmm s);                       /* RM, MR: d = op s */
void x64_v2m(Asm *a, VOp op, Xmm d, Mem s);                      /* RM, RMG: also loads */
void x64_v2i(Asm *a, VOp op, Xmm d, Xmm s, uint8_t imm);         /* RMI, MRI, SHIFT */
void x64_v2mi(Asm *a, VOp op, Xmm d, Mem s, uint8_t imm);        /* RMI */
void x64_v2g(Asm *a, VOp op, Xmm d, Gpr s);                      /* RMG: movd, vpbroadcast */
void x64_vst(Asm *a, VOp op, Mem d, Xmm s);                      /* MR, MRG: stores */
void x64_vsti(Asm *a, VOp op, Mem d, Xmm s, uint8_t imm);        /* MRI, MRGI: pextr to memory */
void x64_vg(Asm *a, VOp op, Gpr d, Xmm s);                       /* GRM, MRG: d = op s */
void x64_vgm(Asm *a, VOp op, Gpr d, Mem s);                      /* GRM: cvttsd2si from memory */
void x64_vgi(Asm *a, VOp op, Gpr d, Xmm s, uint8_t imm);         /* MRGI, GRMI: pextr */

/*
 * A merge of one scalar needs a source for the rest of d, also where Intel's two-operand form
 * hides it: x64_v3(a, VOP_SQRTSD, d, rest, s). VOP_MOVSS_RR, MOVSD_RR likewise.
 */

/* EVEX with a mask k1..k7, where Intel allows it: unselected elements keep d (zero: are 0). */
void x64_v3k(Asm *a, VOp op, Xmm d, Xmm s, Xmm t, KReg k, bool zero);
void x64_v2k(Asm *a, VOp op, Xmm d, Xmm s, KReg k, bool zero);
void x64_v2ik(Asm *a, VOp op, Xmm d, Xmm s, uint8_t imm, KReg k, bool zero);
void x64_v2mk(Asm *a, VOp op, Xmm d, Mem s, KReg k, bool zero); /* masked load: no faults outside */
void x64_v2gk(Asm *a, VOp op, Xmm d, Gpr s, KReg k, bool zero);
void x64_vstk(Asm *a, VOp op, Mem d, Xmm s, KReg k);
/* EVEX compares and tests into a mask register */
void x64_vk(Asm *a, VOp op, KReg d, Xmm s, Xmm t);                /* KNDS */
void x64_vkm(Asm *a, VOp op, KReg d, Xmm s, Mem t);               /* KNDS */
void x64_vki(Asm *a, VOp op, KReg d, Xmm s, Xmm t, uint8_t imm);  /* KNDSI */
void x64_vkmi(Asm *a, VOp op, KReg d, Xmm s, Mem t, uint8_t imm); /* KNDSI */
void x64_vk_to_v(Asm *a, VOp op, Xmm d, KReg s);                  /* XK: vpmovm2b d, s */
void x64_v_to_vk(Asm *a, VOp op, KReg d, Xmm s);                  /* KX: vpmovb2m d, s */
/* Predicates of VPCMP and VPCMPU */
enum { VPCMP_EQ, VPCMP_LT, VPCMP_LE, VPCMP_FALSE, VPCMP_NE, VPCMP_GE, VPCMP_GT, VPCMP_TRUE };

/* Mask registers; size = bytes of mask (1, 2, 4, 8); host.avx512vl */
void x64_kmov_rk(Asm *a, int size, Gpr d, KReg s); /* zero-extends */
void x64_kmov_kr(Asm *a, int size, KReg d, Gpr s);
void x64_kmov_kk(Asm *a, int size, KReg d, KReg s);
typedef enum KOp { K_AND = 0x41, K_ANDN = 0x42, K_OR = 0x45, K_XNOR = 0x46, K_XOR = 0x47 } KOp;
void x64_k3(Asm *a, KOp op, int size, KReg d, KReg s, KReg t);
void x64_knot(Asm *a, int size, KReg d, KReg s);
void x64_kortest(Asm *a, int size, KReg s, KReg t); /* ZF: s | t is 0; CF: it is all ones */
void x64_ktest(Asm *a, int size, KReg s, KReg t);   /* ZF: s & t is 0; CF: ~s & t is 0 */

#endif
