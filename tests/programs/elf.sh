# Every kind of ELF file.
check static 0 "$hello" "" "$emu" "$guest/hello-aarch64"
check static-pie 0 "$hello" "" "$emu" "$guest/hello-static-pie"
check dynamic-L 0 "$hello" "" "$emu" -L $sysroot "$guest/hello-dynamic"
check dynamic-exec 0 "$hello" "" "$emu" -L $sysroot "$guest/hello-dynamic-exec"
check ld-prefix 0 "$hello" "" env QEMU_LD_PREFIX=$sysroot "$emu" "$guest/hello-dynamic"
check interpreted 0 "$hello" "" "$emu" -one-insn-per-tb "$guest/hello-aarch64"
check threads 0 "160000 160000 160000" "" "$emu" "$guest/threads"
if [ -f "$guest/hello-musl" ]; then
    check musl-static 0 "$hello" "" "$emu" "$guest/hello-musl"
    check musl-dynamic 0 "$hello" "" "$emu" -L "$top/.cache/musl-arm64" "$guest/hello-musl-dynamic"
    check musl-threads 0 "160000 160000 160000" "" "$emu" "$guest/threads-musl"
else
    echo "skipped: musl guests (scripts/musl-arm64 has not run)"
fi
