# Python as a guest program: dictionaries, classes, strings, regular expressions, json, sorting.
import json
import re
import sys
import zlib

rounds = max(1, 10 * int(sys.argv[1]) // 100)


class Point:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def add(self, other):
        return Point(self.x + other.x, self.y ^ other.y)


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


total = 0
for r in range(rounds):
    seen = {}
    for i in range(20000):
        key = "k%d" % (i * 7919 % 1999)
        seen[key] = seen.get(key, 0) + i
    p = Point(0, 0)
    for i in range(20000):
        p = p.add(Point(i, i * 3))
    text = json.dumps([{"name": k, "n": v, "f": v / 7} for k, v in sorted(seen.items())])
    back = json.loads(text)
    found = re.findall(r'"k1(\d+)", "n": (\d+)', text)
    order = sorted(back, key=lambda e: (e["n"] % 97, e["name"]))
    total += fib(18) + p.x + p.y + len(found) + zlib.crc32(text.encode()) + order[5]["n"]
print("python", total)
