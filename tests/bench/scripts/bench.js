// node: hot numeric loops, objects, closures, strings, typed arrays, regular expressions, sorting.
const rounds = Math.max(1, Math.floor(5 * Number(process.argv[2] || 100) / 100));

class Vec {
    constructor(x, y) { this.x = x; this.y = y; }
    add(o) { return new Vec(this.x + o.x, this.y - o.y); }
}

function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

let total = 0;
for (let r = 0; r < rounds; r++) {
    const bits = new Uint8Array(300000);
    let primes = 0;
    for (let i = 2; i < bits.length; i++) {
        if (bits[i]) continue;
        primes++;
        for (let k = i * 2; k < bits.length; k += i) bits[k] = 1;
    }
    let v = new Vec(0, 0);
    for (let i = 0; i < 200000; i++) v = v.add(new Vec(i % 7, 0.5));
    const seen = new Map();
    for (let i = 0; i < 30000; i++) {
        const key = 'k' + (i * 7919 % 1999);
        seen.set(key, (seen.get(key) || 0) + i);
    }
    const text = JSON.stringify([...seen].sort((a, b) => a[1] - b[1] || (a[0] < b[0] ? -1 : 1)));
    const f = new Float64Array(1000);
    for (let k = 0; k < 200; k++)
        for (let i = 0; i < 1000; i++) f[i] = f[i] * 0.5 + i * k;
    const found = (text.match(/k1\d*/g) || []).length;
    total += primes + v.x + v.y + fib(22) + text.length + found + f[999];
}
console.log('node', total);
