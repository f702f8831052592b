# How a guest ends is how the emulator ends.
for n in 0 1 42 255; do
    check exit-$n $n "" "" "$emu" "$guest/die" exit $n
done
check segv 139 "" "^qemu: uncaught target signal 11 \(Segmentation fault\) - core dumped$" \
    "$emu" "$guest/die" segv
check ill 132 "" "^qemu: uncaught target signal 4 \(Illegal instruction\) - core dumped$" \
    "$emu" "$guest/die" ill
check trap 133 "" "^qemu: uncaught target signal 5 \(Trace/breakpoint trap\) - core dumped$" \
    "$emu" "$guest/die" trap
check abort 134 "" "^qemu: uncaught target signal 6 \(Aborted\) - core dumped$" \
    "$emu" "$guest/die" abort
check term 143 "" "" sh -c "'$emu' '$guest/die' kill 15 2>/dev/null; exit \$?"
check kill 137 "*" "" sh -c "'$emu' '$guest/die' kill 9 2>/dev/null; exit \$?"
check usr1 138 "*" "" sh -c "'$emu' '$guest/die' kill 10 2>/dev/null; exit \$?"
