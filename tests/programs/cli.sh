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
check cpu-value 1 "" "apply global max-arm-cpu.sve=maybe: Parameter 'sve' expects 'on' or 'off'$" \
    "$emu" -cpu max,sve=maybe "$guest/hello-aarch64"
check cpu-value-offered 1 "" "Parameter 'aes' expects 'on' or 'off'$" \
    "$emu" -cpu max,aes= "$guest/hello-aarch64"
check cpu-no-value 1 "" "Expected key=value format, found aes\.$" \
    "$emu" -cpu max,aes "$guest/hello-aarch64"
check cpu-yes 0 "$hello" "" "$emu" -cpu max,aes=y,sve=no "$guest/hello-aarch64"
check log-help 1 "*" "" "$emu" -d help
check log-unknown 1 "*" "" "$emu" -d bogus "$guest/hello-aarch64"
check stack-bad 1 "*" "" "$emu" -s zz "$guest/hello-aarch64"
check stack 0 "$hello" "" "$emu" -s 1M "$guest/hello-aarch64"
for size in 100000G 99999999999G; do
    check "stack $size" 0 "$hello" "" "$emu" -s $size "$guest/hello-aarch64"
done
check stack-logged 0 "$hello" "^stack: [0-9]* bytes instead of [0-9]*$" \
    "$emu" -d unimp -s 100000G "$guest/hello-aarch64"
check stack-unlimited 0 "$hello" "" sh -c 'ulimit -s unlimited; ulimit -v 400000; exec "$0" "$1"' \
    "$emu" "$guest/hello-aarch64"

# What scripts have set for QEMU does not stop a program; the option says what is missing.
for name in QEMU_GDB QEMU_PERFMAP QEMU_JITDUMP QEMU_PLUGIN; do
    check "$name" 0 "$hello" "" env $name=1 "$emu" "$guest/hello-aarch64"
    check "$name, logged" 0 "$hello" "^$name is set: not supported$" env $name=1 QEMU_LOG=unimp \
        "$emu" "$guest/hello-aarch64"
done
check perfmap 1 "" "^qemu: option 'perfmap' is not supported by emu-aarch64-static$" \
    "$emu" -perfmap "$guest/hello-aarch64"
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

# -direct, and the names by which BuildKit starts its emulator: PATH, scripts, relative names.
mkdir "$tmp/bin" "$tmp/work"
cp "$guest/args" "$tmp/bin/args"
cp "$guest/die" "$tmp/work/die"
printf '#!%s one two \n' "$tmp/bin/args" >"$tmp/bin/script"
printf '#!script three\n' >"$tmp/work/nested"
printf '#! %s\t-x\n' "../bin/script" >"$tmp/work/relative"
printf '#!%s\n' "$tmp/work/loop" >"$tmp/work/loop"
chmod +x "$tmp/bin/script" "$tmp/work/nested" "$tmp/work/relative" "$tmp/work/loop"
: >"$tmp/bin/die" # found first, but nobody may execute it
ln -s "$emu" "$tmp/.buildkit_qemu_emulator"
ln -s "$emu" "$tmp/buildkit-qemu-aarch64"
cd "$tmp/work" || exit 1
for start in "$emu -direct" "$tmp/.buildkit_qemu_emulator" "$tmp/buildkit-qemu-aarch64"; do
    expect_lines direct-name "argv[0]=args
argv[1]=b
env PATH=/nonexistent::$tmp/bin" "PATH=/nonexistent::$tmp/bin" $start args b
    expect_lines direct-script "argv[0]=$tmp/bin/args
argv[1]=one two
argv[2]=$tmp/bin/script
argv[3]=b
env PATH=$tmp/bin" "PATH=$tmp/bin" $start script b
    expect_lines direct-relative "argv[0]=$tmp/bin/args
argv[1]=one two
argv[2]=../bin/script
argv[3]=-x
argv[4]=./relative
argv[5]=b" $start ./relative b
    check direct-next-in-path 7 "" "" env "PATH=$tmp/bin:$tmp/work" $start die exit 7
    check direct-missing 127 "" "^Error while loading nothing: No such file or directory$" \
        $start nothing
    check direct-not-in-directory 127 "" "^Error while loading nested: No such file or directory$" \
        env "PATH=$tmp/bin" $start nested
    check direct-forbidden 126 "" "^Error while loading die: Permission denied$" \
        env "PATH=$tmp/bin" $start die
    check direct-loop 126 "" "^Error while loading ./loop: " $start ./loop
    check direct-lost-interpreter 127 "" "^Error while loading ./nested: No such file" $start ./nested
    check direct-not-a-program 1 "" "^Error while loading $tmp/text: Exec format error" \
        $start "$tmp/text"
    check direct-plain 0 "$hello" "" $start "$guest/hello-aarch64"
    check direct-children 0 "*" "" $start "$guest/spawn" "$guest/hello-aarch64"
done
expect_lines direct-argv0 "argv[0]=zero
argv[1]=b" "$emu" -direct -0 zero "$guest/args" b
cd "$top" || exit 1

# Without -direct a name is a path, as for qemu-aarch64; the message says what it could have been.
check hint-path 1 "" "^Error while loading args: No such file or directory \(PATH has $tmp/bin/args; -direct looks there\)$" \
    env "PATH=$tmp/bin:$PATH" "$emu" args
check hint-script 1 "" "^Error while loading $tmp/script: Exec format error .*\(a script for /bin/sh; -direct follows it\)$" \
    "$emu" "$tmp/script"
