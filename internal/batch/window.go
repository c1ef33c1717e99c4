package batch

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Rate is at most N requests in any time of length Per. N <= 0 is no limit.
type Rate struct {
	N   int
	Per time.Duration
}

// The limits that the service publishes for one app in one tenant.
var (
	PublishedWrites = Rate{100, 20 * time.Second}
	PublishedReads  = Rate{1000, 20 * time.Second} // of requests of any kind
)

// ParseRate reads "100/20s", or "off" for no limit.
func ParseRate(s string) (Rate, error) {
	if s == "off" {
		return Rate{}, nil
	}
	count, per, found := strings.Cut(s, "/")
	n, err := strconv.Atoi(count)
	if !found || err != nil || n < 1 {
		return Rate{}, fmt.Errorf("%q is neither a rate like 100/20s nor off", s)
	}
	d, err := time.ParseDuration(per)
	if err != nil || d <= 0 {
		return Rate{}, fmt.Errorf("%q is no rate: %q is not a length of time like 20s", s, per)
	}
	return Rate{n, d}, nil
}

func (r Rate) String() string {
	if r.N <= 0 {
		return "off"
	}
	return fmt.Sprintf("%d/%s", r.N, r.Per)
}

type mark struct {
	n     int
	until time.Time
}

const tick = 10 * time.Millisecond
