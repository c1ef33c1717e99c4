package cli

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// TestWaitIsShort: the log has a wait in milliseconds, without the noise of a float's last digits.
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
