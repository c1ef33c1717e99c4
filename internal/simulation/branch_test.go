package simulation

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// branches count how often the simulations came to what is rare.
var branches = struct {
	sync.Mutex
	count map[string]int
}{count: map[string]int{}}

func branch(name string) {
	branches.Lock()
	defer branches.Unlock()
	branches.count[name]++
}

// countBranches counts what can be seen once a world has ended.
func (w *world) countBranches() {
	for _, ex := range w.log {
		if ex.fate.name != "" {
			branch("call " + ex.kind + " " + ex.fate.name)
		}
		for i, f := range ex.fate.items {
			if f.name != "" && i < len(ex.items) {
				branch("item " + ex.items[i].kind() + " " + f.name)
			}
		}
	}
	for _, l := range w.legs {
		if l.plan.end != endsItself {
			branch("leg " + l.plan.end.String())
		}
	}
	for _, e := range w.sc.edits {
		if e.property == "" {
			branch("task deleted")
		} else {
			branch("edit of another")
		}
	}
	for _, c := range w.campaigns {
		for i, l := range c.legs {
			c.countLeg(i, l)
		}
		c.countHalves()
	}
}

// countLeg counts what a leg came to, which is the i-th of its run.
func (c *campaign) countLeg(i int, l *leg) {
	for _, tr := range c.tracks {
		c.countRow(i, l, tr)
	}
	results := 0
	for _, n := range l.own() {
		switch n.Kind {
		case "part":
			branch("part line")
		case "result":
			results++
		}
	}
	switch {
	case i > 0 && l.code() == 6 && !l.isDead():
		branch("a limit stopped a resumed leg")
	case i > 0 && !l.isDead() && len(l.summary.Reports) > 0 && results == 0 && c.legs[i-1].isDead() && l.summary.Patches == 0:
		branch("a finished run was reported by a later leg")
	}
}

// countRow counts what a leg came to with one row.
func (c *campaign) countRow(i int, l *leg, tr *track) {
	settle := c.world.sc.settle
	for _, of := range []*campaign{c, c.undoes} {
		if of == nil {
			continue
		}
		for _, it := range tr.sendsIn(of) {
			if within := l.began.Before(it.ex.left.Add(settle)); within && of == c && it.ex.leg.n < l.n {
				branch("resumed within a window")
			} else if within && of != c {
				branch("undo within a window")
			}
		}
	}
	var result line
	for _, n := range l.own() {
		if n.Kind == "result" && n.Index == tr.index {
			result = n
		}
	}
	var third time.Time
	absent := 0
	for _, k := range c.looks(l, tr) {
		old := k.values != nil && !tr.wanted(k.values) && !tr.third(k.values)
		switch {
		case k.absent:
			absent++
		case tr.third(k.values):
			third = k.came
		case old && !third.IsZero() && k.asked.Before(third.Add(settle)) && result.Outcome == "conflict":
			branch("conflict after a look that lags")
		case old && !third.IsZero() && k.asked.Before(third.Add(settle)):
			branch("third remembered")
		}
	}
	switch {
	case absent > 1 && result.Outcome == "notFound":
		branch("no task, twice")
	case absent > 0 && result.Outcome != "" && result.Outcome != "notFound":
		branch("no task, falsely")
	}
	for _, it := range tr.sends {
		if it.ex.leg == l && c.partOf(tr, it) == 1 && i > 0 && tr.sends[0].ex.leg != l {
			branch("second of two writes on a later leg")
		}
		if first := it == tr.sends[0] && it.ex.leg == l; first && it.ex.left.Sub(l.began) >= settle && settle > 0 && !third.IsZero() {
			branch("sent once a young base was confirmed")
		}
	}
}

// sendsIn are the writes of another run for the task of a row.
func (tr *track) sendsIn(c *campaign) []*item {
	if other := c.trackByKey(tr.key); other != nil {
		return other.sends
	}
	return nil
}

// countHalves counts envelopes that were refused for their size and sent again in smaller ones.
func (c *campaign) countHalves() {
	large := map[string]int{} // by task, the size of the envelope that was refused
	for _, ex := range c.world.log {
		if ex.leg.of != c || !ex.writes() {
			continue
		}
		for _, it := range ex.items {
			if n := large[it.key]; n > 0 && len(ex.items) < n {
				branch("halves after 413")
				return
			}
			if ex.status == 413 {
				large[it.key] = len(ex.items)
			}
		}
	}
}

// required are the branches that no long run may miss.
func required() []string {
	names := []string{
		"a limit stopped a leg", "a limit stopped a resumed leg", "a finished run was reported by a later leg", "a workbook was verified",
		"part line", "second of two writes on a later leg", "resumed within a window", "undo within a window", "undo restores", "undo: conflict",
		"third remembered", "conflict after a look that lags", "third remembered, then sent", "sent once a young base was confirmed",
		"no task, twice", "no task, falsely", "halves after 413", "disk full", "sync fails", "overwrote", "settled late", "sent behind a canary",
		"sent again after a refusal for now", "sent again after doubt", "the window of writes was full", "the window of requests was full",
		"task deleted", "edit of another", "edit between look and effect", "item patch late", "item action late",
		"deleted before a late write took effect",
	}
	for _, code := range []int{0, 1, 3, 5, 6, 8, 10, 130} {
		names = append(names, fmt.Sprint("exit code ", code))
	}
	for _, o := range []string{"applied", "differs", "unchanged", "failed", "conflict", "notFound", "blocked", "notSent", "unknown"} {
		names = append(names, "outcome "+o)
	}
	for e := endsItself + 1; int(e) < len(endNames); e++ {
		names = append(names, "leg "+e.String())
	}
	for _, f := range writeFates {
		names = append(names, "item patch "+f.what.name)
		if f.what.takes == takesAny {
			names = append(names, "item patch "+f.what.name+"-applied")
		}
		if f.what.takes != takesNone {
			names = append(names, "item patch "+f.what.name+"-late")
		}
	}
	for _, f := range readFates {
		names = append(names, "item get "+f.what.name)
	}
	for _, f := range callFates {
		names = append(names, "call batch "+f.what.name)
	}
	for _, f := range listFates {
		names = append(names, "call list "+f.what.name)
	}
	return names
}

// missed are the required branches that were never reached.
func missed() []string {
	branches.Lock()
	defer branches.Unlock()
	return slices.DeleteFunc(required(), func(name string) bool { return branches.count[name] > 0 })
}

// table is the counts, for people.
func table() string {
	branches.Lock()
	defer branches.Unlock()
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(branches.count)) {
		fmt.Fprintf(&b, "%8d  %s\n", branches.count[name], name)
	}
	return b.String()
}
