package ledger_test

import (
	"testing"

	"taskrecon/internal/diff"
)

// TestAttemptsOfAllLegs: a result counts the attempts of its own leg; an envelope of a leg that was killed counts as announced.
func TestAttemptsOfAllLegs(t *testing.T) {
	path := create(t).planned().sending(0, 1).sending(1).result(0, diff.Failed, "HTTP 503").close()
	path = goOn(t, path).result(1, diff.Applied, "found as wanted").sending(0).close()
	path = goOn(t, path).sending(2).close()
	all := entries(t, open(t, path))
	for i, want := range []int{2 + 1, 2 + 2, 1, 0} { // each result of these helpers says 2
		if got := all[i].Attempts; got != want {
			t.Errorf("row %d was put on the wire %d times, want %d", i, got, want)
		}
	}
}
