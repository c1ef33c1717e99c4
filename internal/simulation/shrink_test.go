package simulation

import (
	"fmt"
	"strings"
	"testing"
)

// shrink finds what a failing seed can be played without, so that it still fails: first all rows but one, then whole families.
func shrink(t *testing.T, seed uint64) string {
	fails := func(off map[string]bool, only int) bool {
		sc := newScenario(seed, off)
		sc.only = only
		return len(simulate(t, sc).complaints) > 0
	}
	only, off := 0, map[string]bool{}
	for i := range newScenario(seed, off).rows {
		if fails(off, i+1) {
			only = i + 1
			break
		}
	}
	var dropped []string
	for _, f := range families {
		if off[f] = true; fails(off, only) {
			dropped = append(dropped, f)
			continue
		}
		delete(off, f)
	}
	return fmt.Sprintf("go test ./internal/simulation -v -run TestSeeds -seed %d -row %d -without %q", seed, only, strings.Join(dropped, ","))
}
