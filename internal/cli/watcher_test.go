package cli

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"taskrecon/internal/batch"
)

// TestBarTellsEachEnvelopeAtOnce lets envelopes come back in a burst, as they do before sending waits for the limit.
func TestBarTellsEachEnvelopeAtOnce(t *testing.T) {
	var screen bytes.Buffer
	w := &watcher{stderr: &screen, bars: true}
	finish := time.Date(2026, 11, 27, 2, 2, 0, 0, time.Local)
	for _, settled := range []int{0, 20, 40, 100} {
		screen.Reset()
		w.Progress(batch.Progress{Settled: settled, Total: 710, Rate: 5, Waited: 20 * time.Second, Finish: finish})
		line := screen.String()[strings.LastIndexByte(screen.String(), '\r')+1:]
		if want := "settled (5.0/s, 20s waited, done 02:02:00)"; !strings.HasPrefix(line, want) {
			t.Errorf("after %d: %q does not begin with %q", settled, line, want)
		}
		if count := fmt.Sprintf("(%d/710)", settled); !strings.Contains(line, count) {
			t.Errorf("after %d: %q does not say %s", settled, line, count)
		}
	}
	w.close()
	if !strings.HasSuffix(screen.String(), "\n") {
		t.Error("what follows stands on the bar's line")
	}
}

// TestWaitIsShort: a wait is told in milliseconds, without the noise of a float's last digits.
func TestWaitIsShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for wait, want := range map[time.Duration]string{
			7347*time.Millisecond + 12: "7.347", 2900 * time.Millisecond: "2.9", 30 * time.Second: "30", -time.Second: "0",
		} {
			if got := fmt.Sprint(untilSeconds(time.Now().Add(wait))); got != want {
				t.Errorf("%v: %s s, want %s", wait, got, want)
			}
		}
	})
}
