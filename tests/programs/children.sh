# Children without binfmt_misc: aarch64 programs, scripts, host programs, errors.
check aarch64 0 "$hello
fork+exec: exit 0
$hello
posix_spawn: exit 0" "" "$emu" "$guest/spawn" "$guest/hello-aarch64"
check dynamic 0 "$hello
fork+exec: exit 0
$hello
posix_spawn: exit 0" "" "$emu" -L $sysroot "$guest/spawn" "$guest/hello-dynamic"
check status 0 "fork+exec: exit 7
posix_spawn: exit 7" "" "$emu" "$guest/spawn" "$guest/die" exit 7
check signal 0 "fork+exec: signal 11
posix_spawn: signal 11" "uncaught target signal 11" "$emu" "$guest/spawn" "$guest/die" segv
check host-program 0 "hi
fork+exec: exit 0
hi
posix_spawn: exit 0" "" "$emu" "$guest/spawn" /bin/echo hi
check missing 0 "exec: No such file or directory
fork+exec: exit 127
posix_spawn: No such file or directory" "" "$emu" "$guest/spawn" /nonexistent
check directory 0 "exec: Permission denied
fork+exec: exit 127
posix_spawn: Permission denied" "" "$emu" "$guest/spawn" /
printf '#!%s exit\n' "$guest/die" >"$tmp/script"
chmod +x "$tmp/script"
check script 0 "fork+exec: exit 0
posix_spawn: exit 0" "" "$emu" "$guest/spawn" "$tmp/script"
