//go:build slow

package batch_test

import (
	"testing"
	"time"
)

// Every company, with every advice of the service and with short and long latencies.
func TestSlowSharedQuota(t *testing.T) {
	for i := range companies {
		for k := range advices {
			for _, most := range []time.Duration{150 * time.Millisecond, 900 * time.Millisecond} {
				sharedQuota(t, i, k, most)
			}
		}
	}
}
