//go:build unix

package cli

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"taskrecon/internal/diff"
	"taskrecon/internal/ledger"
)

// TestTornLedger cuts the ledger of a killed run anywhere in its last lines, as a power loss may, and goes on.
func TestTornLedger(t *testing.T) { torn(t, 2) }

func torn(t *testing.T, seeds uint64) {
	want := undisturbed(t, false)
	for seed := range seeds {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(seed, 0x746f726e))
			w := newWorld(t)
			for w.killedMidway(rng, want); w.finished(); w.killedMidway(rng, want) {
				w = newWorld(t)
			}
			lost := w.tear(t, rng, 1+rng.IntN(6))
			p := w.run(w.apply(w.ledger)...)
			p.exits(t, want.code)
			p.summary(t)
			got, ids := w.end(t), readLines(t, w.ledger).ids
			compareTenants(t, got, want)
			for i, o := range got.outcomes {
				// Whether a patch that no line names any more was ours, cannot be known.
				if o != want.outcomes[i] && (o != diff.Unchanged || want.outcomes[i] != diff.Applied || !lost[ids[i]]) {
					t.Errorf("row %d is %s, want %s", i, o, want.outcomes[i])
				}
			}
		})
	}
}

// killedMidway runs the world's file and kills it around a batch.
func (w *world) killedMidway(rng *rand.Rand, course *ending) {
	w.t.Helper()
	k := kill{when: []string{atArrival, atLoss, atAnswer}[rng.IntN(3)], batch: 3 + rng.IntN(course.batches/2)}
	w.startToKill(k, w.begin()...)
	for w.at.Load() > 0 { // what it asked for before it died
		time.Sleep(time.Millisecond)
	}
}

// tear cuts the ledger somewhere in its last n lines, but not in its plan, now and then with zeros behind, and returns
// the tasks of which a sending line was cut off: such a line is on the disk before its envelope leaves, so
// that a real power loss spares it.
func (w *world) tear(t *testing.T, rng *rand.Rand, n int) map[string]bool {
	t.Helper()
	l := readLines(t, w.ledger)
	from := max(l.starts[max(0, len(l.starts)-n)], l.planEnd)
	size, err := fileSize(w.ledger)
	if err != nil {
		t.Fatal(err)
	}
	cut := from + rng.Int64N(size-from+1)
	lost := map[string]bool{}
	for i, start := range l.starts {
		if end := start + l.lengths[i]; l.kinds[i] == "sending" && end > cut {
			for _, index := range l.names[i] {
				lost[l.ids[index]] = true
			}
		}
	}
	if err := os.Truncate(w.ledger, cut); err != nil {
		t.Fatal(err)
	}
	if rng.IntN(3) == 0 && !slices.Contains(l.starts, cut) {
		f, err := os.OpenFile(w.ledger, os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.Write(make([]byte, 1+rng.IntN(4000))); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("cut at byte %d of %d, %d bytes behind the plan; %d tasks lose their sending", cut, size, cut-l.planEnd, len(lost))
	return lost
}

// TestAlteredLedger alters one byte anywhere in the ledger of a killed run: it is refused and nothing is sent.
func TestAlteredLedger(t *testing.T) {
	t.Parallel()
	want := undisturbed(t, false)
	rng := rand.New(rand.NewPCG(1, 0x666c6970))
	w := newWorld(t)
	w.killedMidway(rng, want)
	whole, err := os.ReadFile(w.ledger)
	if err != nil {
		t.Fatal(err)
	}
	l := readLines(t, w.ledger)
	if len(l.starts) == 0 || l.size == l.planEnd {
		t.Fatal("the run was killed too early")
	}
	before := w.sandbox.Stats().Writes
	for range 8 {
		at := rng.Int64N(l.starts[len(l.starts)-1])
		altered := bytes.Clone(whole)
		altered[at] ^= 1 << rng.IntN(7)
		if err := os.WriteFile(w.ledger, altered, 0o600); err != nil {
			t.Fatal(err)
		}
		number, found := slices.BinarySearch(l.starts, at)
		if found {
			number++
		}
		if _, err := ledger.Open(w.ledger); err == nil {
			t.Fatalf("byte %d is altered and nobody sees it", at)
		}
		p := w.run(w.apply(w.ledger)...)
		p.exits(t, 4)
		if named := fmt.Sprintf("line %d: ", number); !strings.Contains(p.stderr.String(), named) {
			t.Errorf("byte %d, %q, is altered: %q is not named in %s", at, whole[at], named, p.stderr.String())
		}
	}
	if after := w.sandbox.Stats().Writes; after != before {
		t.Errorf("%d writes came in", after-before)
	}
	if err := os.WriteFile(w.ledger, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	w.run(w.apply(w.ledger)...).exits(t, want.code)
	compare(t, w.end(t), want)
}

// TestFirstBytesAltered: even what no longer looks like a ledger is not sent.
func TestFirstBytesAltered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.savePlan()
	before := w.sandbox.Stats().Writes
	whole, err := os.ReadFile(w.ledger)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int{0, 3, 9} {
		altered := bytes.Clone(whole)
		altered[at] ^= 4
		if err := os.WriteFile(w.ledger, altered, 0o600); err != nil {
			t.Fatal(err)
		}
		w.run(w.apply(w.ledger)...).exits(t, 4)
	}
	if after := w.sandbox.Stats().Writes; after != before {
		t.Errorf("%d writes came in", after-before)
	}
}
