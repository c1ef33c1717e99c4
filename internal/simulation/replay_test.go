package simulation

import (
	"os"
	"runtime/debug"
	"strings"
	"testing"

	"taskrecon/internal/graph"
)

func TestMain(m *testing.M) {
	debug.SetGCPercent(400)                             // many small worlds, each soon gone
	graph.Jitter = func(n int64) int64 { return n / 3 } // the one thing that is drawn in the program
	os.Exit(m.Run())
}

// A seed played twice is the same story, to the nanosecond.
func TestReplay(t *testing.T) {
	for seed := range uint64(20) {
		one, two := simulate(t, newScenario(seed+1, left(""))), simulate(t, newScenario(seed+1, left("")))
		if one.trace == two.trace {
			continue
		}
		a, b := strings.Split(one.trace, "\n"), strings.Split(two.trace, "\n")
		for i := range min(len(a), len(b)) {
			if a[i] != b[i] {
				t.Errorf("seed %d plays in two ways:\n%s\n%s", seed+1, a[i], b[i])
				break
			}
		}
	}
}
