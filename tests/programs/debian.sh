# Real programs: Debian 12 for arm64, entered with chroot. The root is made by scripts/debroot.
root=$top/.cache/debian-arm64
[ -f "$root/.complete" ] || skip "no $root: scripts/debroot has not run"

cp "$emu" "$root/emu.new" && mv -f "$root/emu.new" "$root/emu-aarch64-static"
# A mount namespace of our own, with /proc and /dev; as root, or in a user namespace.
cat >"$tmp/enter" <<END
mount --rbind /proc "$root/proc" && mount --rbind /dev "$root/dev" || exit 77
exec chroot "$root" "\$@"
END
unshare=
for how in "unshare -m" "unshare -Urm"; do
    if $how sh "$tmp/enter" /emu-aarch64-static --version >/dev/null 2>&1; then
        unshare=$how
        break
    fi
done
[ -n "$unshare" ] || skip "neither root nor user namespaces"
enter="$unshare sh $tmp/enter /emu-aarch64-static"
cp "$here"/debian/* "$root/tmp/"

check uname 0 "aarch64" "" $enter /bin/uname -m
for program in "$here"/debian/*.sh; do
    name=$(basename "$program" .sh)
    check "$name" 0 "$(cat "$here/debian/$name.expected")" "" \
        $enter /bin/bash "/tmp/$name.sh"
done
