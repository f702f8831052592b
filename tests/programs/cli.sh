# Options, variables, and what users read when something is wrong.
check no-program 1 "" "^qemu: no user program specified$" "$emu"
check unknown 1 "" "^qemu: unknown option 'bogus'$" "$emu" -bogus
check unknown-two-dashes 1 "" "^qemu: unknown option 'bogus'$" "$emu" --bogus
check missing-argument 1 "" "^qemu: missing argument for option 'L'$" "$emu" -L
check help 0 "*" "" "$emu" -h
check version 0 "*" "" "$emu" --version
check version-variable 0 "*" "" env QEMU_VERSION= "$emu" "$guest/hello-aarch64"
check missing 1 "" "^Error while loading /nonexistent: No such file or directory$" \
    "$emu" /nonexistent
: >"$tmp/empty"
echo 'echo hi' >"$tmp/text"
printf '#!/bin/sh\necho hi\n' >"$tmp/script"
chmod +x "$tmp/empty" "$tmp/text" "$tmp/script"
check empty 1 "" "^Error while loading .*/empty: " "$emu" "$tmp/empty"
check text 1 "" "^Error while loading .*/text: Exec format error" "$emu" "$tmp/text"
check directory 1 "" "^Error while loading $tmp: " "$emu" "$tmp"
check wrong-machine 255 "" ": .*Invalid ELF image for this architecture$" "$emu" /bin/true
mkdir -p "$tmp/nothing"
check no-interpreter 255 "" ": Could not open '/lib/ld-linux-aarch64.so.1': No such file" \
    "$emu" -L "$tmp/nothing" "$guest/hello-dynamic"
cp "$guest/hello-aarch64" "$tmp/plain"
chmod 644 "$tmp/plain"
check not-executable 1 "" "^Error while loading .*/plain: Permission denied" "$emu" "$tmp/plain"

check cpu-help 1 "*" "" "$emu" -cpu help
check cpu-unknown 1 "" "unable to find CPU model 'bogus'$" "$emu" -cpu bogus "$guest/hello-aarch64"
check cpu-property 1 "" "Property 'max-arm-cpu.bogus' not found$" \
    "$emu" -cpu max,bogus=on "$guest/hello-aarch64"
check cpu-a53 0 "$hello" "" "$emu" -cpu cortex-a53 "$guest/hello-aarch64"
check log-help 1 "*" "" "$emu" -d help
check log-unknown 1 "*" "" "$emu" -d bogus "$guest/hello-aarch64"
check stack-bad 1 "*" "" "$emu" -s zz "$guest/hello-aarch64"
check stack 0 "$hello" "" "$emu" -s 1M "$guest/hello-aarch64"
check reserved-bad 1 "" "^Unrecognised -R size suffix 'zz'$" "$emu" -R 4zz "$guest/hello-aarch64"
check compatible 0 "$hello" "" "$emu" -B 0x1000 -R 4G -p 4096 -singlestep "$guest/hello-aarch64"
check two-dashes 0 "$hello" "" "$emu" -- "$guest/hello-aarch64"
check filter-bad 1 "" "Bad range specifier$" "$emu" -dfilter zz "$guest/hello-aarch64"

# The guest's arguments and environment.
lines() {
    env -i "$@" | grep -v '^execfn\|^platform\|^flags'
}
expect_lines() {
    name=$1 want=$2
    shift 2
    checks=$((checks + 1))
    got=$(lines "$@" 2>&1)
    if [ "$got" != "$want" ]; then
        failures=$((failures + 1))
        echo "FAIL $part: $name"
        echo "  got: $got"
        echo "  wanted: $want"
    fi
}
expect_lines arguments "argv[0]=$guest/args
argv[1]=-L
argv[2]=b c" "$emu" "$guest/args" -L "b c"
expect_lines argv0 "argv[0]=other
env A=1" A=1 "$emu" -0 other "$guest/args"
expect_lines argv0-empty "argv[0]=" "$emu" -0 "" "$guest/args"
expect_lines set-unset "argv[0]=$guest/args
env A=3
env C=4" A=1 B=2 "$emu" -E A=2,C=4 -U B -E A=3 "$guest/args"
expect_lines variable-first "argv[0]=x
env QEMU_ARGV0=y" QEMU_ARGV0=y "$emu" -0 x "$guest/args"
check platform 0 "*" "" sh -c "'$emu' '$guest/args' | grep -qx 'platform=aarch64'"
check strace-variable 0 "$hello" " write\(1,.*= [0-9]" env QEMU_STRACE= "$emu" "$guest/hello-aarch64"
check strace 0 "$hello" "exit_group\(0\)" "$emu" -strace "$guest/hello-aarch64"
check log-file 0 "$hello" "" "$emu" -d in_asm -D "$tmp/log" "$guest/hello-aarch64"
check log-written 0 "*" "" grep -q 0x "$tmp/log"
