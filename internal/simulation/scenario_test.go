package simulation

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"taskrecon/internal/batch"
	"taskrecon/internal/sandbox"
)

// scenario is all that a seed draws before the world begins. What happens to single calls is drawn as they leave: see drawFate.
type scenario struct {
	seed uint64
	off  map[string]bool // what is left out, to find a shorter story: see families
	only int             // the one row that is asked for, from 1; 0 is all

	settle, reread, call  time.Duration // --settle-within, --reread-after, --call-timeout
	attempts, concurrency int
	canary, budget        int // 0 is none
	twoWrites             bool
	overwrite             bool
	writes, reads         batch.Rate

	rtt, wander time.Duration // of a call and its answer
	lag, late   time.Duration // at most; together with the way of a call, less than settle
	lagging     float64       // share of reads that lag, and of writes that are late
	lateness    float64
	writeFaults float64
	readFaults  float64
	callFaults  float64
	calm        time.Duration // after which there are no faults, from the world's beginning
	dateOff     time.Duration
	others      sandbox.Traffic

	rows      []row
	edits     []edit
	source    source
	base      time.Duration // when the sheet's base was read, or the plan made
	begin     time.Duration // when the first leg begins
	legs      []legPlan
	undo      time.Duration // after the last leg; negative is none
	report    string        // extension
	inTransit float64       // chance that somebody edits a task while a write of it travels
}

// source is where the base of the rows comes from.
type source uint8

const (
	fromList  source = iota // of the run's first leg
	fromSheet               // the sheet was exported before
	fromPlan                // a saved plan is applied
)

// row is what the input wants of a task.
type row struct {
	key    string
	exists bool
	wishes []wish
}

// wish is a property with the value that the tenant begins with, the one that is wanted, and others that editors set.
type wish struct {
	property      string
	begin, wanted string // as JSON
	third         []string
}

// edit is what another editor does.
type edit struct {
	at       time.Duration
	row      int
	property string // "" deletes the task
	value    string
}

// end is how a leg ends.
type end uint8

const (
	endsItself      end = iota
	killedInWriting     // once so many bytes were written behind the plan
	killedInPlan        // once so many bytes were written at all
	killedAtSending     // as the n-th envelope of writes leaves
	killedAtLanding     // as the answer to the n-th envelope of writes has landed
	killedAt            // at a time
	killedInReport      // once the ledger is closed
	signalled           // a first signal
	signalledTwice
	deadline
	diskFull  // once so many bytes were written behind the plan
	syncFails // at the n-th sync behind the plan
)

var endNames = [...]string{"ends itself", "killed in writing", "killed in plan", "killed at sending", "killed at landing", "killed at", "killed in report", "signalled", "signalled twice", "deadline", "disk full", "sync fails"}

func (e end) String() string { return endNames[e] }
func (e end) kills() bool    { return e >= killedInWriting && e <= killedInReport }

// legPlan is how one process goes.
type legPlan struct {
	end        end
	n          int           // bytes, envelopes or syncs, as end says
	after      time.Duration // from the leg's beginning, as end says
	second     time.Duration // signal, after the first
	powerLoss  float64       // negative: all that was written stays; else the share that stays of what was not synced
	pause      time.Duration // until the next leg
	maxChanges int           // negative is no limit
	maxClears  int
}

var editable = []struct {
	property string
	values   []string
}{
	{"assignedTo", []string{`"amy@x.org"`, `"bob@x.org"`, `"cy@x.org"`, `"dan@x.org"`, `""`}},
	{"creatorNotes", []string{`"one"`, `"two"`, `"three"`, `""`}},
	{"priority", []string{`"none"`, `"high"`, `"low"`}},
	{"status", []string{`"pending"`, `"active"`, `"completed"`, `"rejected"`}},
	{"displayName", []string{`"First"`, `"Second"`, `"Third"`}},
}

// newScenario draws a scenario.
func newScenario(seed uint64, off map[string]bool) *scenario {
	d := roll(seed, "scenario")
	sc := &scenario{
		seed: seed, off: off,
		reread: pick(d, 2*time.Second, 2*time.Second, time.Second, 5*time.Second), call: pick(d, 130*time.Second, 20*time.Second),
		attempts: pick(d, 6, 6, 3, 2, 1), concurrency: pick(d, 5, 5, 1, 2), twoWrites: d.chance(0.3), overwrite: d.chance(0.15),
		rtt:     pick(d, 20*time.Millisecond, 100*time.Millisecond, 400*time.Millisecond, time.Second, 3*time.Second),
		lagging: pick(d, 0, 0.3, 0.7, 1), lateness: pick(d, 0, 0.3, 0.7),
		writeFaults: pick(d, 0, 0.1, 0.3, 0.7), readFaults: pick(d, 0, 0.1, 0.3), callFaults: pick(d, 0, 0.1, 0.3),
		calm:   pick(d, 5*time.Second, 60*time.Second, 200*time.Second, 600*time.Second),
		writes: batch.Rate{N: pick(d, 100, 100, 20, 7), Per: 20 * time.Second}, reads: batch.Rate{N: pick(d, 1000, 1000, 60), Per: 20 * time.Second},
		source: pick(d, fromList, fromList, fromSheet, fromPlan), report: ".csv", undo: -1, inTransit: pick(d, 0, 0, 0.05, 0.3),
	}
	sc.wander = time.Duration(d.Float64() * float64(sc.rtt))
	sc.drawWindow(d)
	sc.dateOff = pick(d, 0, 0, -time.Hour, time.Hour, d.upTo(2*time.Hour)-time.Hour)
	if d.chance(0.15) && !sc.off["apps"] {
		sc.others = sandbox.Traffic{N: d.IntN(sc.writes.N) + 1, Per: 20 * time.Second, For: 2 * time.Minute}
	}
	if d.chance(0.1) {
		sc.canary = 1 + d.IntN(3)
	}
	if d.chance(0.1) {
		sc.budget = 1 + d.IntN(5)
	}
	if seed%20 == 0 {
		sc.report = ".xlsx"
	}
	sc.drawRows(d)
	sc.begin = 40*time.Second + d.upTo(time.Minute)
	sc.base = sc.begin - d.upTo(pick(d, 4*time.Second, 40*time.Second)) - 10*time.Second
	if d.chance(0.7) {
		sc.undo = pick(d, 0, 3*time.Second, d.upTo(time.Minute))
	}
	sc.drawEdits(roll(seed, "edits"))
	sc.drawLegs(roll(seed, "legs"))
	return sc
}

// drawWindow draws the settling window, and lag and lateness that fit in it beside the longest way of a call.
func (sc *scenario) drawWindow(d dice) {
	sc.settle = pick(d, 30*time.Second, 30*time.Second, 30*time.Second, 12*time.Second, 60*time.Second, 0)
	room := sc.settle - 2*(sc.rtt+sc.wander) - time.Second
	if sc.settle == 0 || room <= 0 {
		sc.lagging, sc.lateness = 0, 0
		return
	}
	if d.chance(0.3) {
		room = min(room, 3*time.Second)
	}
	sc.late = time.Duration(d.Float64() * float64(room))
	sc.lag = room - sc.late
}

func (sc *scenario) drawRows(d dice) {
	n := 1 + d.IntN(pick(d, 1, 4, 12, 30))
	for i := range n {
		r := row{key: taskID(i), exists: !d.chance(0.03)}
		used := map[int]bool{}
		for range pick(d, 1, 1, 2, 3) {
			p := d.IntN(len(editable))
			if used[p] {
				continue
			}
			used[p] = true
			r.wishes = append(r.wishes, drawWish(d, p))
		}
		if d.chance(0.05) {
			for k := range r.wishes {
				r.wishes[k].wanted = r.wishes[k].begin
			}
		}
		sc.rows = append(sc.rows, r)
	}
}

func drawWish(d dice, p int) wish {
	e := editable[p]
	order := d.Perm(len(e.values))
	w := wish{property: e.property, begin: e.values[order[0]], wanted: e.values[order[1]]}
	for _, i := range order[2:] {
		w.third = append(w.third, e.values[i])
	}
	return w
}

// typeOf is the type of a task, which goes by its id, so that every kind is there.
func typeOf(id string) string {
	name := []string{"appVulnerability", "securityConfiguration", "unmanagedDeviceDiscovery"}[int(id[len(id)-1])%3]
	return "#microsoft.graph." + name + "Task"
}

func taskID(i int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", i+1) }

// drawEdits draws what other editors do: a few single edits, and some that are taken back or go on.
func (sc *scenario) drawEdits(d dice) {
	if sc.off["edits"] {
		return
	}
	share := pick(d, 0, 0.2, 0.5, 1)
	for i, r := range sc.rows {
		if !r.exists || !d.chance(share) {
			continue
		}
		if d.chance(0.08) {
			sc.edits = append(sc.edits, edit{at: sc.moment(d), row: i})
			continue
		}
		at := sc.moment(d)
		for range 1 + d.IntN(3) {
			w := pick(d, r.wishes...)
			value := pick(d, w.begin, w.wanted, w.third[0], w.third[len(w.third)-1])
			sc.edits = append(sc.edits, edit{at: at, row: i, property: w.property, value: value})
			at += pick(d, d.upTo(time.Second), d.upTo(10*time.Second), d.upTo(60*time.Second))
		}
	}
}

// moment is when something happens: mostly about the beginning of the run.
func (sc *scenario) moment(d dice) time.Duration {
	switch d.IntN(4) {
	case 0:
		return d.upTo(sc.begin)
	case 1:
		return sc.begin - 10*time.Second + d.upTo(15*time.Second)
	}
	return sc.begin + d.upTo(100*time.Second)
}

func (sc *scenario) drawLegs(d dice) {
	disturbed := pick(d, 0, 0, 1, 1, 2, 3)
	if sc.off["legs"] {
		disturbed = 0
	}
	for range disturbed {
		p := legPlan{
			end: 1 + end(d.IntN(len(endNames)-1)), after: pick(d, d.upTo(5*time.Second), d.upTo(60*time.Second)), second: d.upTo(10 * time.Second),
			powerLoss: -1, pause: pick(d, 0, d.upTo(5*time.Second), d.upTo(90*time.Second)), maxChanges: -1, maxClears: -1,
		}
		switch p.end {
		case killedInWriting, diskFull:
			p.n = d.IntN(600 * (1 + len(sc.rows)))
		case killedInPlan:
			p.n = d.IntN(300 * (3 + len(sc.rows)))
		case killedAtSending, killedAtLanding:
			p.n = d.IntN(pick(d, 1, 3, 6))
		case syncFails:
			p.n = d.IntN(pick(d, 2, 6))
		}
		if p.end.kills() && d.chance(0.5) {
			p.powerLoss = d.Float64()
		}
		sc.legs = append(sc.legs, p)
	}
	for i := range sc.legs {
		if d.chance(0.15) {
			sc.legs[i].maxChanges, sc.legs[i].maxClears = d.IntN(len(sc.rows)+1), d.IntN(4)-1
		}
	}
	for range 3 {
		sc.legs = append(sc.legs, legPlan{powerLoss: -1, pause: d.upTo(60 * time.Second), maxChanges: -1, maxClears: -1})
	}
}

// String is the schedule of a seed, for people.
func (sc *scenario) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d: window %v, reread after %v, call timeout %v, %d attempts, concurrency %d, canary %d, budget %d, two writes %v, overwrite %v\n",
		sc.seed, sc.settle, sc.reread, sc.call, sc.attempts, sc.concurrency, sc.canary, sc.budget, sc.twoWrites, sc.overwrite)
	fmt.Fprintf(&b, "  way %v + %v, lag to %v (%.0f %%), late to %v (%.0f %%), faults of writes %.0f %%, reads %.0f %%, calls %.0f %% until %v, Date off by %v, %s/%s, others %+v\n",
		sc.rtt, sc.wander, sc.lag, 100*sc.lagging, sc.late, 100*sc.lateness, 100*sc.writeFaults, 100*sc.readFaults, 100*sc.callFaults, sc.calm, sc.dateOff, sc.writes, sc.reads, sc.others)
	fmt.Fprintf(&b, "  base from %s at %v, run at %v, undo after %v\n", [...]string{"the list", "a sheet", "a saved plan"}[sc.source], sc.base, sc.begin, sc.undo)
	for i, r := range sc.rows {
		fmt.Fprintf(&b, "  row %d:", i)
		for _, w := range r.wishes {
			fmt.Fprintf(&b, " %s %s to %s;", w.property, w.begin, w.wanted)
		}
		if !r.exists {
			b.WriteString(" no such task")
		}
		b.WriteString("\n")
	}
	for _, e := range sc.edits {
		fmt.Fprintf(&b, "  edit at %v: row %d %s %s\n", e.at-sc.begin, e.row, e.property, e.value)
	}
	for i, l := range sc.legs {
		fmt.Fprintf(&b, "  leg %d: %s, n %d, after %v, second %v, power loss %.2f, then %v; limits %d, %d\n", i+1, l.end, l.n, l.after, l.second, l.powerLoss, l.pause, l.maxChanges, l.maxClears)
	}
	return b.String()
}

// objects are the tasks with which the tenant begins.
func (sc *scenario) objects() []json.RawMessage {
	var all []json.RawMessage
	for i, r := range sc.rows {
		if !r.exists {
			continue
		}
		o := map[string]any{
			"@odata.type": typeOf(taskID(i)), "id": taskID(i), "displayName": "First", "description": nil,
			"createdDateTime": "2026-01-01T00:00:00.0000000Z", "dueDateTime": "2026-12-01T00:00:00.0000000Z", "category": "unknown",
			"priority": "none", "creator": nil, "creatorNotes": nil, "assignedTo": nil, "status": "active",
			"endpointSecurityPolicy": "unknown", "applicablePlatform": "unknown", "endpointSecurityPolicyProfile": "unknown",
			"insights": nil, "managedDeviceCount": 1, "intendedSettings": []any{},
		}
		for _, w := range r.wishes {
			o[w.property] = json.RawMessage(w.begin)
		}
		raw, err := json.Marshal(o)
		if err != nil {
			panic(err)
		}
		all = append(all, raw)
	}
	return all
}

// leaves reports whether a row is left out of the input.
func (sc *scenario) leaves(row int) bool { return sc.only > 0 && sc.only != row+1 }

// sheet is the input as CSV.
func (sc *scenario) sheet() string {
	var b strings.Builder
	b.WriteString("id")
	for _, e := range editable {
		b.WriteString("," + e.property)
	}
	b.WriteString("\n")
	for i, r := range sc.rows {
		if sc.leaves(i) {
			continue
		}
		b.WriteString(r.key)
		for _, e := range editable {
			cell := ""
			for _, w := range r.wishes {
				if w.property == e.property {
					if err := json.Unmarshal([]byte(w.wanted), &cell); err != nil {
						panic(err)
					}
					if cell == "" {
						cell = "<clear>"
					}
				}
			}
			b.WriteString("," + cell)
		}
		b.WriteString("\n")
	}
	return b.String()
}
