# Real programs: Debian 12 for arm64, entered with chroot. The root is made by scripts/debroot.
root=$top/.cache/debian-arm64
[ -f "$root/.complete" ] || skip "no $root: scripts/debroot has not run"

cp "$emu" "$root/emu.new" && mv -f "$root/emu.new" "$root/emu-aarch64-static"
if [ "$(id -u)" = 0 ]; then
    enter="chroot $root /emu-aarch64-static"
else
    unshare -Urm true 2>/dev/null || skip "neither root nor user namespaces"
    enter="unshare -Urm chroot $root /emu-aarch64-static"
fi
cp "$here"/debian/* "$root/tmp/"

check uname 0 "aarch64" "" $enter /bin/uname -m
for program in "$here"/debian/*.sh; do
    name=$(basename "$program" .sh)
    check "$name" 0 "$(cat "$here/debian/$name.expected")" "" \
        $enter /bin/bash "/tmp/$name.sh"
done
