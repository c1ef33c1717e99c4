//go:build unix && slow

package cli

import (
	"testing"
	"time"
)

// TestCrashSlow kills many runs at other points each time.
func TestCrashSlow(t *testing.T) {
	first := uint64(time.Now().UnixNano()) / 1000
	t.Logf("seeds from %d on", first)
	crash(t, first, 80)
}

func TestTornLedgerSlow(t *testing.T) { torn(t, 20) }
