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
	Target string // narrows the occasions: "list", "get", "patch", "status" or "batch" for whole calls; a task's id, or "get" for reads, for items; a task's id for edit
	How    string // the form that it takes: of Retry-After, the seconds of slow, the property of an edit; "" = the default
}

type scope uint8

const (
	ofCall   scope = iota // a whole HTTP request
	ofItem                // one PATCH or updateStatus (or GET, as target), alone or in a batch
	inBatch               // the same, but only as an item of a batch
	ofList                // one page
	ofListed              // one securityConfigurationTask, after it was listed
	ofEdit                // as ofItem, but beside whatever other fault shows there
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
	{"slow", ofCall, "the work is done, then the answer takes its time (3 s, or ~seconds)"},
	{"hang", ofCall, "nothing done, and never an answer"},
	{"hang-applied", ofCall, "the work is done, and never an answer"},
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
	{"ignore", ofItem, "200 with the task as it was, nothing stored"},
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
	{"edit", ofListed, "somebody else changes the task (assignedTo, or ~property) right after it was listed"},
	{"edit-before", ofEdit, "the same just before a write of the task, or before a read with =get"},
	{"edit-after", ofEdit, "the same just after it, with whatever other fault shows there"},
}

// FaultHelp lists the faults that ParseFaults takes, one a line.
func FaultHelp() string {
	var b strings.Builder
	for _, f := range faultTable {
		fmt.Fprintf(&b, "%-18s %s\n", f.name, f.does)
	}
	b.WriteString("\nA fault is name[~how][:count][@after][/every][=target]; count * is no end. The faults with 429 and 503 take ~ and a\n" +
		"form of Retry-After: seconds such as 0.249 or 315, date, past, message (in Intune's message), garbage, none.\n")
	return b.String()
}

var faultSyntax = regexp.MustCompile(`^([a-z0-9-]+)(?:~([A-Za-z0-9.]+))?(?::(\d+|\*))?(?:@(\d+))?(?:/(\d+))?(?:=([A-Za-z0-9._-]+))?$`)

// ParseFaults reads faults separated by commas or spaces, each
//
//	name[~how][:count][@after][/every][=target]
//
// where count is a number or * for no end. "outer-503:2@1=batch" lets one batch pass and fails the
// next two; "item-503:*/7" fails every seventh write, the first among them; "item-429~0.249:3" asks
// three times for a quarter of a second; "edit=ID" has somebody else change a task once it was listed.
func ParseFaults(text string) ([]Fault, error) {
	var faults []Fault
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		m := faultSyntax.FindStringSubmatch(word)
		if m == nil {
			return nil, fmt.Errorf("fault %q is not of the form name[~how][:count][@after][/every][=target]", word)
		}
		f := Fault{Name: m[1], How: m[2], Target: m[6]}
		if m[3] == "*" {
			f.Count, m[3] = -1, ""
		}
		for n, digits := range map[*int]string{&f.Count: m[3], &f.After: m[4], &f.Every: m[5]} {
			if digits == "" {
				continue
			}
			v, err := strconv.ParseInt(digits, 10, 32)
			if err != nil {
				return nil, fmt.Errorf("fault %q: %s is too large", word, digits)
			}
			*n = int(v)
		}
		if m[3] == "0" {
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
		if err := f.checkHow(); err != nil {
			return nil, err
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

// checkHow refuses a form that the fault does not know.
func (f Fault) checkHow() error {
	if f.How == "" {
		return nil
	}
	_, err := strconv.ParseFloat(f.How, 64)
	seconds := err == nil
	switch {
	case strings.HasPrefix(f.Name, "edit"):
		if p := task.Lookup(f.How); p == nil || p.Kind != task.String || !p.Writable {
			return fmt.Errorf("fault %s: %q is no property that holds text", f.Name, f.How)
		}
		return nil
	case f.Name == "slow" && seconds:
		return nil
	case strings.Contains(f.Name, "-429"), strings.Contains(f.Name, "-503"):
		if !seconds && !slices.Contains([]string{"date", "past", "message", "garbage", "none"}, f.How) {
			return fmt.Errorf("fault %s: %q is no form of Retry-After (seconds, date, past, message, garbage, none)", f.Name, f.How)
		}
		return nil
	}
	return fmt.Errorf("fault %s does not take ~%s", f.Name, f.How)
}

// fire counts an occasion of each fault that match accepts and returns the first that shows; s.mu is
// held. A fault that another one forestalls keeps its turn.
func (s *Server) fire(match func(*armed) bool) Fault {
	for _, a := range s.faults {
		if match(a) && a.occurs() {
			return a.Fault
		}
	}
	return Fault{}
}

func (s *Server) outerFault(c *call) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fire(func(a *armed) bool { return a.scope == ofCall && (a.Target == "" || a.Target == c.kind) })
}

func (s *Server) listFault() string {
	return s.fire(func(a *armed) bool { return a.scope == ofList }).Name
}

func (s *Server) itemFault(c *call) Fault {
	return s.fire(func(a *armed) bool {
		return (a.scope == ofItem || (a.scope == inBatch && c.batched)) && a.aimsAt(c)
	})
}

// aimsAt reports whether a fault of items concerns the call.
func (a *armed) aimsAt(c *call) bool {
	if c.kind == kindGet || a.Target == kindGet {
		return c.kind == a.Target
	}
	return c.isWrite() && (a.Target == "" || task.Key(a.Target) == c.key)
}
