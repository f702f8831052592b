# binfmt_misc in a user namespace of our own (Linux 6.7 and later), with each set of flags.
magic='\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00'
mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
mkdir "$tmp/mnt"
cat >"$tmp/in-namespace" <<END
mount -t binfmt_misc none "$tmp/mnt" || exit 77
printf '%s' ':emu-test:M::$magic:$mask:$emu:'\$1 >"$tmp/mnt/register" || exit 77
shift
exec "\$@"
END
unshare -Urm sh "$tmp/in-namespace" "" true 2>"$tmp/why" ||
    skip "this kernel refuses binfmt_misc in a user namespace: $(head -1 "$tmp/why")"

in_namespace="unshare -Urm sh $tmp/in-namespace"
for flags in "" F OC OCF P PF OPF POCF; do
    name=flags-${flags:-none}
    check $name 0 "$hello" "" $in_namespace "$flags" "$guest/hello-aarch64"
    check $name-shell 0 "$hello" "" $in_namespace "$flags" sh -c "'$guest/hello-aarch64'"
    case $flags in
    *P*) argv0=given ;;
    *) argv0=$guest/args ;;
    esac
    check $name-argv0 0 "argv[0]=$argv0
argv[1]=x" "" $in_namespace "$flags" \
        env -i sh -c "exec perl -e 'exec {\"$guest/args\"} \"given\", \"x\"' | grep argv"
    check $name-child 0 "*" "" $in_namespace "$flags" "$guest/spawn" "$guest/hello-aarch64"
done

# A root where /proc does not lead to the emulator: children of what binfmt_misc has started.
root=$tmp/root
mkdir "$root"
cp "$guest/spawn" "$guest/hello-aarch64" "$root"
children="$hello
fork+exec: exit 0
$hello
posix_spawn: exit 0"
for proc in missing link-to-itself file empty foreign; do
    rm -rf "$root/proc"
    case $proc in
    link-to-itself) ln -s /proc "$root/proc" ;;
    file) : >"$root/proc" ;;
    empty) mkdir "$root/proc" ;;
    foreign)
        mkdir -p "$root/proc/self"
        cp "$guest/hello-aarch64" "$root/proc/self/exe"
        ;;
    esac
    for flags in F POCF; do
        check proc-$proc-$flags 0 "$children" "" $in_namespace $flags \
            chroot "$root" /spawn /hello-aarch64
    done
done
