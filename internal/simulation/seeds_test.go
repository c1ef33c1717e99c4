package simulation

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

var (
	oneSeed   = flag.Uint64("seed", 0, "the one seed that is simulated, with its timeline; 0 is many")
	firstOnly = flag.Bool("first", false, "stop at the first seed that fails")
	shrinking = flag.Bool("shrink", false, "look for shorter stories of the seeds that fail")
	oneRow    = flag.Int("row", 0, "with -seed: the one row of its input that is asked for, from 1; 0 is all")
	without   = flag.String("without", "", "what the seed leaves out, separated by commas: "+strings.Join(families, ", "))
)

// failed is set once a seed has failed.
var failed atomic.Bool

// families are what a seed can be played without, to find a shorter story.
var families = []string{"call", "write", "read", "lag", "late", "edits", "legs", "apps", "undo"}

// enoughSeeds come to every branch.
const enoughSeeds = 2000

// seedCount is how many seeds are simulated.
func seedCount(t *testing.T) int {
	text := os.Getenv("TASKRECON_SEEDS")
	if text == "" {
		return 100
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("TASKRECON_SEEDS=%q is no number of seeds", text)
	}
	return n
}

func left(out string) map[string]bool {
	off := map[string]bool{}
	for _, f := range strings.Split(out, ",") {
		off[f] = true
	}
	return off
}

func TestSeeds(t *testing.T) {
	if *oneSeed > 0 {
		sc := newScenario(*oneSeed, left(*without))
		sc.only = *oneRow
		o := simulate(t, sc)
		t.Logf("%s\n%s", sc, o.timeline)
		for _, c := range o.complaints {
			t.Error(c)
		}
		return
	}
	first := uint64(1)
	if text := os.Getenv("TASKRECON_FIRST_SEED"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		first = n
	}
	t.Run("all", func(t *testing.T) {
		for i := range uint64(seedCount(t)) {
			t.Run(fmt.Sprint(first+i), func(t *testing.T) {
				t.Parallel()
				if *firstOnly && failed.Load() {
					return
				}
				o := simulate(t, newScenario(first+i, left("")))
				for k, c := range o.complaints {
					if k == 3 {
						t.Errorf("and %d more", len(o.complaints)-k)
						break
					}
					t.Error(c)
				}
				if len(o.complaints) > 0 {
					failed.Store(true)
					t.Logf("again, with its timeline: go test ./internal/simulation -v -run TestSeeds -seed %d", first+i)
					if *shrinking {
						t.Logf("shorter: %s", shrink(t, first+i))
					}
				}
			})
		}
	})
	if os.Getenv("TASKRECON_BRANCHES") != "" {
		fmt.Printf("how often what is rare was reached:\n%s", table())
	}
	if never := missed(); seedCount(t) >= enoughSeeds && !t.Failed() && len(never) > 0 {
		t.Errorf("never reached: %s", strings.Join(never, "; "))
	}
}
