package batch

import (
	"testing"
	"time"
)

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// at is a time so many seconds after noon.
func at(seconds float64) time.Time {
	return noon.Add(time.Duration(seconds * float64(time.Second)))
}

// since is how many seconds after noon a time is, -1 where it is zero.
func since(t time.Time) float64 {
	if t.IsZero() {
		return -1
	}
	return t.Sub(noon).Seconds()
}

func near(a, b float64) bool { return a-b < 0.001 && b-a < 0.001 }

func newTestBudget() *budget {
	return newBudget(budgetOptions{Writes: PublishedWrites, Requests: PublishedReads, RereadAfter: 2 * time.Second})
}

// send has n writes leave and be answered.
func (b *budget) send(n int, leaves, answered float64) {
	b.land(b.leave(write, n, nil, at(leaves)), 0, at(answered))
}

func TestSlotIsGivenBack(t *testing.T) {
	const always, first = 0.0075 * 20, (0.0075 + 0.035) * 20 // in seconds; the second shrinks a little after the first window
	for _, tt := range []struct {
		name string
		do   func(*budget)
		at   float64 // when the slots of a full window are free again
	}{
		{"a window after it left, where latency is steady", func(b *budget) { b.send(100, 0, 3) }, 20 + first},
		{"later where one call was faster", func(b *budget) { b.send(20, 0, 1); b.send(80, 1, 4) }, 4 + 20 - 1 + first},
		{"not for a call without an answer, which says nothing of latency", func(b *budget) {
			b.lose(b.leave(write, 50, nil, at(0)), at(0.1))
			b.send(50, 0, 3)
		}, 20 + first},
		{"not for a call that was refused whole", func(b *budget) {
			b.pace.n = 99 // others are known of
			b.land(b.leave(write, 50, nil, at(0)), 50, at(0.1))
			b.pace, b.writes.size, b.margin.refused = newPace(PublishedWrites), 100, time.Time{}
			b.send(50, 0, 3)
		}, 20 + first},
		{"no later than a window after the answer, where latency is short", func(b *budget) { b.send(100, 0, 0.5) }, 20.5 + always},
		{"not before the answer", func(b *budget) { b.send(100, 0, 30) }, 30},
		{"writes of earlier runs", func(b *budget) { b.recent(100, at(-5), at(0)) }, -5 + 20 + always},
		{"writes of a clock ahead", func(b *budget) { b.recent(100, at(50), at(0)) }, 20 + always},
		{"never while its answer is out", func(b *budget) { b.leave(write, 100, nil, at(0)) }, -1},
		{"at once where it never left", func(b *budget) { b.never(b.leave(write, 100, nil, at(0))) }, 0},
	} {
		b := newTestBudget()
		tt.do(b)
		got := b.writesAt(100, at(0))
		if off := tt.at - since(got); off < 0 || off > 0.05 {
			t.Errorf("%s: at %.3f, want %.3f", tt.name, since(got), tt.at)
		}
		if tt.at > 0 && (b.writesFree(got) != 100 || b.writesFree(got.Add(-time.Millisecond)) == 100) {
			t.Errorf("%s: %d free then, %d a moment before", tt.name, b.writesFree(got), b.writesFree(got.Add(-time.Millisecond)))
		}
	}
}

func TestLooksGiveEarlyWarning(t *testing.T) {
	b := newTestBudget()
	look := b.leave(preread, 20, nil, at(0))
	b.land(look, 0, at(3))
	b.promise(look, 0)
	b.land(b.leave(write, 20, look, at(3)), 0, at(6.5)) // half a second more than its look
	if b.latency.least != 3500*time.Millisecond {
		t.Errorf("least %v", b.latency.least)
	}
	b.land(b.leave(preread, 20, nil, at(10)), 0, at(11))
	if b.latency.least != 1500*time.Millisecond {
		t.Errorf("least %v after a look of a second", b.latency.least)
	}
	for range callsForLeast {
		b.land(b.leave(preread, 20, nil, at(20)), 0, at(23))
	}
	if b.latency.least != 3500*time.Millisecond {
		t.Errorf("least %v once that look is forgotten", b.latency.least)
	}
}

func TestMargin(t *testing.T) {
	refuse := func(least time.Duration, times ...float64) *margin {
		m := &margin{per: 20 * time.Second, start: at(-10000)}
		for _, s := range times {
			m.refuse(least, at(s))
		}
		return m
	}
	for _, tt := range []struct {
		name string
		m    *margin
		at   float64
		want float64
	}{
		{"before anything left", &margin{per: 20 * time.Second}, 0, 0.7},
		{"in the first window", &margin{per: 20 * time.Second, start: noon}, 19, 0.7},
		{"three windows after it", &margin{per: 20 * time.Second, start: noon}, 80, 0.35},
		{"long after", refuse(0), 0, 0},
		{"after a refusal", refuse(0, 0), 20, 0.1},
		{"three windows later", refuse(0, 0), 80, 0.05},
		{"after another", refuse(0, 0, 10), 10, 0.2},
		{"which does not count within half a window", refuse(0, 0, 9), 10, 0.1},
		{"after many", refuse(0, 0, 10, 20, 30, 40, 50, 60, 70), 70, 2},
		{"after one that asks for more", refuse(3*time.Second, 0), 0, 3},
		{"without a limit", &margin{}, 0, 0},
	} {
		if got := tt.m.at(at(tt.at)).Seconds(); !near(got, tt.want) {
			t.Errorf("%s: %.3f, want %.3f", tt.name, got, tt.want)
		}
	}
}

func TestWhoseRefusal(t *testing.T) {
	for _, tt := range []struct {
		name     string
		before   func(*budget)
		answered float64 // of a refused write that leaves at 100
		pool     int
		extra    float64 // seconds of margin
	}{
		{"the first burst: others", func(*budget) {}, 103, 98, 0.1},
		{"latency fell", func(b *budget) { b.send(100, 77, 81) }, 101, 100, 0.1},
		{"the service counts now early, now late", func(b *budget) { b.send(100, 77, 81) }, 104, 100, 4},
		{"our last writes were too long ago: others", func(b *budget) { b.send(100, 76, 79) }, 103, 98, 0.1},
		{"others are known of", func(b *budget) { b.send(100, 77, 81); b.pace.n = 98 }, 104, 96, 0.1},
	} {
		b := newTestBudget()
		tt.before(b)
		b.margin.start = at(-10000)
		c := b.leave(write, 100, nil, at(100))
		b.land(c, 1, at(tt.answered))
		if b.writes.size != tt.pool || !near(b.margin.extra*20, tt.extra) {
			t.Errorf("%s: a pool of %d and %.2f s more, want %d and %.2f s", tt.name, b.writes.size, b.margin.extra*20, tt.pool, tt.extra)
		}
	}
}

func TestLookLeavesInTime(t *testing.T) {
	for _, tt := range []struct {
		name  string
		looks []float64 // their latencies
		lead  float64
	}{
		{"nothing is known", nil, 1},
		{"all alike", []float64{3, 3, 3}, 4},
		{"some a little longer", []float64{3, 3.4, 3.4, 3.4}, 4.2},
		{"some much longer", []float64{1, 9, 9, 9}, 2.8},
		{"one in twenty late", []float64{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 9}, 2},
	} {
		b := newTestBudget()
		b.send(100, 0, 5)
		for _, d := range tt.looks {
			c := b.leave(preread, 20, nil, at(0))
			b.land(c, 0, at(d))
			b.promise(c, 0)
		}
		free := since(b.writesAt(20, at(5)))
		if got := free - since(b.prereadAt(20, at(5))); !near(got, tt.lead) {
			t.Errorf("%s: it leaves %.3f s before, want %.3f s", tt.name, got, tt.lead)
		}
	}
}

func TestPromises(t *testing.T) {
	b := newTestBudget()
	b.send(80, -1, 0)
	first := b.leave(preread, 20, nil, at(1))
	if got := b.prereadAt(20, at(1)); since(got) < 15 {
		t.Errorf("the slots of a look in flight are promised again: at %.3f", since(got))
	}
	b.promise(first, 5) // the rest need no write
	if got := b.prereadAt(15, at(1)); since(got) != 1 {
		t.Errorf("slots that are not needed stay promised: at %.3f", since(got))
	}
	second := b.leave(preread, 15, nil, at(1))
	for range 4 {
		b.leave(preread, 20, nil, at(1))
	}
	if got := b.prereadAt(1, at(1)); !got.IsZero() {
		t.Errorf("more is promised than there is: at %.3f", since(got))
	}
	b.never(second)
	if got := b.prereadAt(15, at(1)); got.IsZero() || b.promised != 85 {
		t.Errorf("%d promised", b.promised)
	}
}

func TestSizeOfALook(t *testing.T) {
	for _, tt := range []struct {
		pool int
		sent []int // at 0, 1, 2, ...
		want int
	}{
		{100, []int{20, 20, 20, 20, 20}, 20}, {50, nil, 20}, {50, []int{20, 20, 10}, 20}, {50, []int{10, 20, 20}, 10}, {7, nil, 7}, {7, []int{7}, 7}, {0, nil, 20},
	} {
		b := newBudget(budgetOptions{Writes: Rate{tt.pool, 20 * time.Second}, RereadAfter: 2 * time.Second})
		for i, n := range tt.sent {
			b.send(n, float64(i), float64(i)+0.1)
		}
		n, when := b.nextPreread(20, at(5))
		if n != tt.want || when.IsZero() || len(tt.sent) == 0 && !when.Equal(at(5)) {
			t.Errorf("%d, sent %v: %d at %.3f", tt.pool, tt.sent, n, since(when))
		}
	}
}

func TestRequests(t *testing.T) {
	b := newBudget(budgetOptions{Writes: PublishedWrites, Requests: Rate{100, 20 * time.Second}, RereadAfter: 2 * time.Second})
	check := func(when string, preread_, reread_, write_ int) {
		t.Helper()
		for k, want := range []int{preread: preread_, reread: reread_, write: write_} {
			if got := b.requestsFree(callKind(k), at(1)); got != want {
				t.Errorf("%s: %d of kind %d, want %d", when, got, k, want)
			}
		}
	}
	check("at first", 50, 50, 100)
	b.spent(10, at(0))
	look := b.leave(preread, 20, nil, at(0))
	check("with a look in flight", 25, 50, 70) // its writes are promised theirs
	settling := b.leave(reread, 40, nil, at(0))
	check("with looks that settle", 5, 10, 30)
	if !b.requestsAt(reread, 20, at(1)).IsZero() {
		t.Error("requests come free by the passing of time while their answers are out")
	}
	b.land(settling, 0, at(1))
	b.land(look, 0, at(1))
	b.promise(look, 0)
	if got := since(b.requestsAt(reread, 20, at(1))); !near(got, 21.01) {
		t.Errorf("looks that settle may leave again at %.3f", got)
	}
	if got := since(b.requestsAt(write, 31, at(1))); !near(got, 20.01) {
		t.Errorf("writes may leave again at %.3f", got)
	}
	one := newBudget(budgetOptions{Writes: PublishedWrites, Requests: Rate{1, time.Second}, RereadAfter: 2 * time.Second})
	for _, k := range []callKind{preread, reread, write} {
		if one.requestsFree(k, at(0)) != 1 || !one.requestsAt(k, 1, at(0)).Equal(at(0)) {
			t.Errorf("kind %d cannot leave at one request a second", k)
		}
	}
}

func TestNoLimits(t *testing.T) {
	b := newBudget(budgetOptions{RereadAfter: 2 * time.Second})
	for range 3 {
		look := b.leave(preread, 20, nil, at(0))
		b.land(look, 0, at(1))
		b.promise(look, 0)
		b.land(b.leave(write, 20, look, at(1)), 20, at(2))
	}
	if b.writesFree(at(2)) < 1000 || b.requestsFree(reread, at(2)) < 1000 || !b.prereadAt(20, at(2)).Equal(at(2)) || b.rate(at(2)).N != 0 {
		t.Errorf("%d writes, %d requests", b.writesFree(at(2)), b.requestsFree(reread, at(2)))
	}
}
