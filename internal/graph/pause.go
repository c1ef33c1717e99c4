package graph

import (
	"math/rand/v2"
	"time"
)

// The backoff where the service does not say how long to wait: it doubles from the first to the longest.
const (
	firstPause   = time.Second
	longestPause = time.Minute
)

// Jitter draws a number from 0 up to n for a backoff. A test that replays a run exactly sets its own.
var Jitter = rand.Int64N

// Pause returns how long to wait before the attempt after the given one (counted from 1): what the
// service asks for where it does (asked >= 0), else exponential backoff with jitter of a quarter either way.
func Pause(asked time.Duration, attempt int) time.Duration {
	if asked >= 0 {
		return asked
	}
	d := longestPause
	if attempt < 7 {
		d = min(firstPause<<(max(attempt, 1)-1), longestPause)
	}
	return d*3/4 + time.Duration(Jitter(int64(d/2)))
}
