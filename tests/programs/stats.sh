# -d stats: a program whose counts are known, every way to end, and threads.
log=$tmp/log
stats() {
    rm -f "$log"
    timeout 60 "$emu" -d stats -D "$log" "$@" >/dev/null 2>&1
}

# is NAME VALUE: the log's line of that name; in [LEAST,MOST] when there are three arguments.
is() {
    checks=$((checks + 1))
    got=$(awk -v name="$1" '$2 == name { print $3; exit }' "$log")
    [ "${got:-0}" -ge "$2" ] && [ "${got:-0}" -le "${3:-$2}" ] && return
    failures=$((failures + 1))
    echo "FAIL $part: $1 is ${got:-missing}, wanted $2${3:+ to $3}"
}

stats "$guest/counts"
is insns 69006
is insns.tier2 5000 69006
is insns.cold 1 200
is call 990 1001
is return 990 1001
is return.miss 0 100
is helper 1980 2000
is helper.MRS_FPSR 990 1000
is helper.MSR_FPSR 990 1000
is exit.poll 0 10
is tier1.units 1 10
is tier2.units 1 5
is tier2.guest 2 40
is tier2.ir.xlat 5 200
is tier2.ns 1 1000000000
is cache.flushes 0

# Without what links and promotes code, the same instructions run.
EMU_PASSES=-all stats "$guest/counts"
is insns 69006
is insns.cold 0
is insns.tier1 69006
is exit.unlinked 1000 69006
is exit.hot 0

stats -one-insn-per-tb "$guest/counts"
is insns 69006
is insns.cold 69006
is tier1.units 0

for how in "exit 3" segv abort trap; do
    # shellcheck disable=SC2086
    stats "$guest/die" $how
    is insns 1000 10000000
done

# The child's block, printed before it executes, counts the child alone; then the program's own.
stats "$guest/spawn" "$guest/counts"
checks=$((checks + 1))
if [ "$(grep -c '^stats insns 69006$' "$log")" != 2 ] ||
    [ "$(grep -c '^stats process ' "$log")" -lt 4 ]; then
    failures=$((failures + 1))
    echo "FAIL $part: children's blocks"
    grep '^stats \(process\|insns\) ' "$log"
fi
stats "$guest/threads"
is insns 1000 1000000000
