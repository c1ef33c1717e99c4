package sandbox

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"taskrecon/internal/task"
)

// Fault is one kind of misbehaviour and when it shows. Occasions are counted per fault, from 0:
// calls for a fault of whole calls, writes for a fault of items, pages for a fault of the list.
type Fault struct {
	Name   string
	Count  int    // how often it shows; 0 = once, negative = without end
	After  int    // occasions that pass before the first
	Every  int    // from then on it shows at each Every-th occasion; 0 = at each
	Target string // narrows the occasions: "list", "get", "patch", "status" or "batch" for whole calls; a task's id, or "get" for reads, for items
}

type scope uint8

const (
	ofCall  scope = iota // a whole HTTP request
	ofItem               // one PATCH or updateStatus (or GET, as target), alone or in a batch
	inBatch              // the same, but only as an item of a batch
	ofList               // one page
)

var faultTable = []struct {
	name  string
	scope scope
	does  string
}{
	{"outer-401", ofCall, "401, nothing done"},
	{"outer-429", ofCall, "429, nothing done"},
	{"outer-503", ofCall, "503, nothing done"},
	{"outer-504", ofCall, "504, nothing done"},
	{"outer-html", ofCall, "502 with an HTML page, nothing done"},
	{"outer-html-200", ofCall, "200 with an HTML page, nothing done"},
	{"redirect", ofCall, "302 to another host, nothing done"},
	{"huge", ofCall, "200 with a body without end, nothing done"},
	{"cut-before", ofCall, "the connection breaks, nothing done"},
	{"cut", ofCall, "the work is done, then the connection breaks before the answer"},
	{"truncate", ofCall, "the work is done, then the connection breaks half way through the answer"},
	{"slow", ofCall, "the work is done, then the answer takes its time"},
	{"outer-424", ofCall, "the work is done and answered under the status 424"},
	{"item-429", ofItem, "429, not applied"},
	{"item-429-applied", ofItem, "429, yet applied"},
	{"item-503", ofItem, "503 with an empty error code, not applied"},
	{"item-504", ofItem, "504, not applied"},
	{"item-504-applied", ofItem, "504, yet applied"},
	{"refuse", ofItem, "400, not applied"},
	{"forbid", ofItem, "403, not applied"},
	{"locked", ofItem, "423, not applied"},
	{"lie", ofItem, "200, but the last property of the PATCH keeps its old value"},
	{"no-content", ofItem, "applied, 204 without a body"},
	{"empty-item", ofItem, "applied, 200 without a body"},
	{"garbage-item", ofItem, "applied, 200 with a body that is no object"},
	{"drop-item", inBatch, "not applied, and no answer for the item"},
	{"drop-item-applied", inBatch, "applied, and no answer for the item"},
	{"double-item", inBatch, "applied, and answered twice"},
	{"alien-item", inBatch, "applied, and an answer with an id that nobody asked for beside it"},
	{"empty-page", ofList, "an empty page comes first"},
	{"repeat-task", ofList, "the last task of the page comes again"},
	{"miss-task", ofList, "a task is left out"},
	{"loop-next", ofList, "the next page is the same page"},
	{"foreign-next", ofList, "the next page is on another host"},
}

// FaultHelp lists the faults that ParseFaults takes, one a line.
func FaultHelp() string {
	var b strings.Builder
	for _, f := range faultTable {
		fmt.Fprintf(&b, "%-18s %s\n", f.name, f.does)
	}
	return b.String()
}

var faultSyntax = regexp.MustCompile(`^([a-z0-9-]+)(?::(\d+|\*))?(?:@(\d+))?(?:/(\d+))?(?:=([A-Za-z0-9._-]+))?$`)

// ParseFaults reads faults separated by commas or spaces, each
//
//	name[:count][@after][/every][=target]
//
// where count is a number or * for no end. "outer-503:2@1=batch" lets one batch pass and fails the
// next two; "item-503:*/7" fails every seventh write, the first among them.
func ParseFaults(text string) ([]Fault, error) {
	var faults []Fault
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		m := faultSyntax.FindStringSubmatch(word)
		if m == nil {
			return nil, fmt.Errorf("fault %q is not of the form name[:count][@after][/every][=target]", word)
		}
		f := Fault{Name: m[1], Target: m[5]}
		if m[2] == "*" {
			f.Count, m[2] = -1, ""
		}
		for n, digits := range map[*int]string{&f.Count: m[2], &f.After: m[3], &f.Every: m[4]} {
			if digits == "" {
				continue
			}
			v, err := strconv.ParseInt(digits, 10, 32)
			if err != nil {
				return nil, fmt.Errorf("fault %q: %s is too large", word, digits)
			}
			*n = int(v)
		}
		if m[2] == "0" {
			return nil, fmt.Errorf("fault %q would never show", word)
		}
		if _, err := arm(f); err != nil {
			return nil, err
		}
		faults = append(faults, f)
	}
	return faults, nil
}

// armed is a fault with its count of occasions; guarded by Server.mu.
type armed struct {
	Fault
	scope     scope
	occasions int
	shown     int
}

func arm(f Fault) (*armed, error) {
	for _, known := range faultTable {
		if known.name != f.Name {
			continue
		}
		calls := []string{"", kindList, kindGet, kindPatch, kindStatus, kindBatch}
		if known.scope == ofCall && !slices.Contains(calls, f.Target) {
			return nil, fmt.Errorf("fault %s: the target %q is none of list, get, patch, status, batch", f.Name, f.Target)
		}
		if known.scope == ofList && f.Target != "" {
			return nil, fmt.Errorf("fault %s takes no target", f.Name)
		}
		if f.Count == 0 {
			f.Count = 1
		}
		return &armed{Fault: f, scope: known.scope}, nil
	}
	return nil, fmt.Errorf("there is no fault %q", f.Name)
}

// occurs counts an occasion and reports whether the fault shows at it.
func (a *armed) occurs() bool {
	n := a.occasions - a.After
	a.occasions++
	if n < 0 || n%max(a.Every, 1) != 0 || (a.Count >= 0 && a.shown >= a.Count) {
		return false
	}
	a.shown++
	return true
}

// fire counts an occasion of each fault that match accepts and names the first that shows; s.mu is
// held. A fault that another one forestalls keeps its turn.
func (s *Server) fire(match func(*armed) bool) string {
	for _, a := range s.faults {
		if match(a) && a.occurs() {
			return a.Name
		}
	}
	return ""
}

func (s *Server) outerFault(c *call) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fire(func(a *armed) bool { return a.scope == ofCall && (a.Target == "" || a.Target == c.kind) })
}

func (s *Server) listFault() string {
	return s.fire(func(a *armed) bool { return a.scope == ofList })
}

func (s *Server) itemFault(c *call) string {
	return s.fire(func(a *armed) bool {
		if a.scope != ofItem && (a.scope != inBatch || !c.batched) {
			return false
		}
		if c.kind == kindGet || a.Target == kindGet {
			return c.kind == a.Target
		}
		return c.isWrite() && (a.Target == "" || task.Key(a.Target) == task.Key(c.id))
	})
}
