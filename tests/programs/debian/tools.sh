export HOME=/tmp
cd $(mktemp -d)
git init -q . 2>/dev/null; git config user.email a@b; git config user.name n
echo one >f; git add f; git commit -qm first; echo two >>f; git commit -qam second
git log --format=%s; git diff HEAD~1 --stat | tail -1; git fsck >/dev/null 2>&1; echo $?
seq 1 50000 >n; tar czf n.tgz n; tar cJf n.txz n; rm n
tar xzf n.tgz; md5sum <n; rm n; tar xJf n.txz; md5sum <n
bzip2 -k n; bunzip2 -c n.bz2 | cmp - n && echo same
dpkg --print-architecture; dpkg -l bash | tail -1 | awk '{ print $1, $2 }'
apt-cache policy bash 2>/dev/null | head -1
echo 'create table t(a); insert into t values(1),(2); select sum(a) from t;' | sqlite3
lua -e 'print(("x"):rep(3), 10 // 3, math.pi)'
awk 'BEGIN { printf "%.3f %d\n", exp(1), 2 ^ 31 }'
grep -c 9 n; xargs -n1 echo <<<"a b" | tail -1
openssl dgst -sha512 <n | cut -c1-40
ps -o comm= -p $$
