package configedge

import "math/bits"

const (
	secret0, secret1 = 0xa0761d6478bd642f, 0xe7037ed1a0b428db
	secret2, secret3 = 0x8ebc6af09c88c6e3, 0x589965cc75374cc3
)

// hash is wyhash, final version 4.
func hash(p []byte, seed uint64) uint64 {
	n := len(p)
	seed ^= mix(seed^secret0, secret1)
	var a, b uint64
	switch {
	case n > 16:
		rest := p
		if n > 48 {
			x, y := seed, seed
			for ; len(rest) > 48; rest = rest[48:] {
				seed = mix(le.Uint64(rest)^secret1, le.Uint64(rest[8:])^seed)
				x = mix(le.Uint64(rest[16:])^secret2, le.Uint64(rest[24:])^x)
				y = mix(le.Uint64(rest[32:])^secret3, le.Uint64(rest[40:])^y)
			}
			seed ^= x ^ y
		}
		for ; len(rest) > 16; rest = rest[16:] {
			seed = mix(le.Uint64(rest)^secret1, le.Uint64(rest[8:])^seed)
		}
		a, b = le.Uint64(p[n-16:]), le.Uint64(p[n-8:])
	case n >= 4:
		step := (n >> 3) << 2
		a = uint64(le.Uint32(p))<<32 | uint64(le.Uint32(p[step:]))
		b = uint64(le.Uint32(p[n-4:]))<<32 | uint64(le.Uint32(p[n-4-step:]))
	case n > 0:
		a = uint64(p[0])<<16 | uint64(p[n>>1])<<8 | uint64(p[n-1])
	}
	high, low := bits.Mul64(a^secret1, b^seed)
	return mix(low^secret0^uint64(n), high^secret1)
}

func mix(a, b uint64) uint64 {
	high, low := bits.Mul64(a, b)
	return high ^ low
}
