package batch

import (
	"fmt"
	"slices"
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

// window is a sliding window over requests. The service counts a request when it gets it, which is somewhere between
// sending it and hearing the answer: so a request counts from its sending until a whole Per after its answer, and a little
// longer, since clocks are read in ticks.
type window struct {
	rate  Rate
	away  int    // on the wire
	past  []mark // by the end of their time
	count int    // in past
}

type mark struct {
	n     int
	until time.Time
}

const tick = 10 * time.Millisecond

func (w *window) expire(now time.Time) {
	for len(w.past) > 0 && !w.past[0].until.After(now) {
		w.count -= w.past[0].n
		w.past = w.past[1:]
	}
}

// room is how many requests may leave now.
func (w *window) room(now time.Time) int {
	w.expire(now)
	return w.roomBy(now)
}

// roomBy is how many requests may leave at a time to come, if none leaves before.
func (w *window) roomBy(at time.Time) int {
	if w.rate.N <= 0 {
		return 1 << 30
	}
	room := w.rate.N - w.away - w.count
	for _, m := range w.past {
		if m.until.After(at) {
			break
		}
		room += m.n
	}
	return max(room, 0)
}

// until is when room for n requests comes by the passing of time alone; zero when that needs answers first.
func (w *window) until(n int, now time.Time) time.Time {
	w.expire(now)
	room := w.rate.N - w.away - w.count // below zero where the limit was lowered
	if w.rate.N <= 0 || room >= n {
		return now
	}
	for _, m := range w.past {
		if room += m.n; room >= n {
			return m.until
		}
	}
	return time.Time{}
}

func (w *window) leave(n int) { w.away += n }

func (w *window) back(n int, now time.Time) {
	w.away -= n
	w.spend(n, now)
}

// spend counts requests that were answered just now.
func (w *window) spend(n int, now time.Time) {
	if n > 0 && w.rate.N > 0 {
		w.hold(n, now.Add(w.rate.Per+tick))
	}
}

func (w *window) hold(n int, until time.Time) {
	i := len(w.past)
	for i > 0 && w.past[i-1].until.After(until) {
		i--
	}
	w.past = slices.Insert(w.past, i, mark{n, until})
	w.count += n
}
