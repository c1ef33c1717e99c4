package simulation

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"
)

// dice are the random numbers for one question. They depend on the seed and the question alone, so that a question more or less, and the
// order in which goroutines ask, changes no other answer.
type dice struct{ *rand.Rand }

func roll(seed uint64, question ...any) dice {
	h := fnv.New64a()
	fmt.Fprintln(h, question...)
	return dice{rand.New(rand.NewPCG(seed, h.Sum64()))}
}

// chance is true with probability p.
func (d dice) chance(p float64) bool { return d.Float64() < p }

// upTo is a duration from 0 to most, to the nanosecond, so that hardly two things happen at once.
func (d dice) upTo(most time.Duration) time.Duration {
	if most <= 0 {
		return 0
	}
	return time.Duration(d.Int64N(int64(most)))
}

func pick[T any](d dice, from ...T) T { return from[d.IntN(len(from))] }

// weighted is an alternative and how often it is drawn beside the others.
type weighted[T any] struct {
	weight int
	what   T
}

func pickWeighted[T any](d dice, from []weighted[T]) T {
	sum := 0
	for _, w := range from {
		sum += w.weight
	}
	n := d.IntN(sum)
	for _, w := range from {
		if n -= w.weight; n < 0 {
			return w.what
		}
	}
	panic("unreachable")
}
