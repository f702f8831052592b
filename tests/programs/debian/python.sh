python3 - <<'END'
import ssl, sqlite3, json, threading, subprocess, hashlib, math, platform, os, struct, zlib
print(platform.machine(), struct.calcsize("P"))
print(json.dumps({"a": [1, 2.5, None], "b": "\u00e9"}, sort_keys=True))
print(hashlib.sha256(b"x" * 1000).hexdigest()[:16], hashlib.md5(b"").hexdigest()[:8])
db = sqlite3.connect(":memory:")
db.execute("create table t (a int, b text)")
db.executemany("insert into t values (?, ?)", [(i, str(i * i)) for i in range(100)])
print(db.execute("select sum(a), max(b) from t where a > 50").fetchone())
total = 0
lock = threading.Lock()
def work():
    global total
    for _ in range(2000):
        with lock:
            total += 1
threads = [threading.Thread(target=work) for _ in range(8)]
[t.start() for t in threads]; [t.join() for t in threads]
print(total)
print(subprocess.run(["/bin/echo", "child"], capture_output=True, text=True).stdout.strip())
print(repr(math.sin(1)), repr(0.1 + 0.2), 2 ** 200, 10 ** 30 // 7)
print(zlib.crc32(b"hello"), len(zlib.compress(b"a" * 10000)))
ssl.create_default_context(); print("ssl")
r, w = os.pipe()
if os.fork() == 0:
    os.write(w, b"from child"); os._exit(0)
os.wait(); print(os.read(r, 100).decode())
END
