package simulation

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// clock is a moment in seconds from the beginning of the first leg.
func (w *world) clock(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return fmt.Sprintf("%.6f", t.Sub(w.start.Add(w.sc.begin)).Seconds())
}

type happening struct {
	at   time.Time
	what string
}

// happenings are everything that happened, in its order.
func (w *world) happenings() []happening {
	var all []happening
	add := func(at time.Time, format string, args ...any) {
		all = append(all, happening{at, fmt.Sprintf(format, args...)})
	}
	for _, l := range w.legs {
		add(l.began, "leg %d begins (%s of %s)", l.n, l.config.Command, l.of.name)
		if !l.signalled.IsZero() {
			add(l.signalled, "leg %d gets a signal", l.n)
		}
		if l.isDead() { // what it says is lost
			add(l.ended, "leg %d dies, %d bytes kept", l.n, l.kept)
		} else {
			add(l.ended, "leg %d ends: %s", l.n, strings.ReplaceAll(fmt.Sprint(l.err), w.dir, ""))
		}
		for _, n := range l.own() {
			if n.Kind == "result" {
				add(n.SettledAt, "leg %d row %d is %s after %d attempts (temporary %v): %s", l.n, n.Index, n.Outcome, n.Attempts, n.Temporary, n.Reason)
			}
		}
	}
	for _, ex := range w.log {
		for i, it := range ex.items {
			w.tellItem(add, ex, i, it)
		}
		if len(ex.items) == 0 {
			add(ex.left, "leg %d %s %s, answered %d at %s", ex.leg.n, ex.kind, ex.fate.name, ex.status, w.clock(ex.back))
		}
	}
	for i := range w.sc.rows {
		for k, s := range w.history(taskID(i)) {
			if k > 0 {
				add(s.at, "task %d by %s: %s", i, s.by, w.brief(i, s.values))
			}
		}
	}
	slices.SortStableFunc(all, func(a, b happening) int {
		if n := a.at.Compare(b.at); n != 0 {
			return n
		}
		return strings.Compare(a.what, b.what)
	})
	return all
}

func (w *world) tellItem(add func(time.Time, string, ...any), ex *exchange, i int, it *item) {
	number := 0
	_, _ = fmt.Sscanf(it.key[len(it.key)-12:], "%d", &number)
	row := number - 1
	shown := "no answer"
	if it.answer != nil {
		shown = fmt.Sprint(it.answer.status)
		if it.answer.values != nil {
			shown += " " + w.brief(row, it.answer.values)
		}
	} else if ex.body != nil {
		shown = fmt.Sprintf("call %d", ex.status)
	}
	fate := ex.fate.name
	if i < len(ex.fate.items) {
		f := ex.fate.items[i]
		fate = strings.TrimSpace(fate + " " + f.name)
		if f.Lag > 0 {
			fate += fmt.Sprintf(" lag %v", f.Lag)
		}
		if f.Late > 0 {
			fate += fmt.Sprintf(" late %v", f.Late)
		}
		if f.RetryAfter != "" {
			fate += " retry-after " + f.RetryAfter
		}
	}
	add(ex.left, "leg %d %s task %d [%s] answered at %s: %s", ex.leg.n, it.kind(), row, fate, w.clock(ex.back), shown)
}

// brief are the values that a row asks for.
func (w *world) brief(row int, v values) string {
	if v == nil {
		return "gone"
	}
	var parts []string
	if row >= 0 && row < len(w.sc.rows) {
		for _, p := range w.sc.rows[row].wishes {
			mark := "third"
			switch v[p.property] {
			case p.begin:
				mark = "begin"
			case p.wanted:
				mark = "wanted"
			}
			parts = append(parts, fmt.Sprintf("%s=%s (%s)", p.property, v[p.property], mark))
		}
	}
	return strings.Join(parts, " ")
}

// timeline is the world's story, for people.
func (w *world) timeline() string {
	var b strings.Builder
	for _, h := range w.happenings() {
		fmt.Fprintf(&b, "%14s  %s\n", w.clock(h.at), h.what)
	}
	return b.String()
}

// trace is the story in a form that two plays of one seed share.
func (w *world) trace() string { return w.timeline() }
