package sandbox

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"taskrecon/internal/task"
)

// Fault is one kind of misbehaviour and when it shows. Occasions are counted per fault, from 0:
// calls for a fault of whole calls, writes for a fault of items, pages or tasks for a fault of the list.
type Fault struct {
	Name   string
	Count  int    // how often it shows; 0 = once (or, of a condition, without end), negative = without end
	After  int    // occasions that pass before the first
	Every  int    // from then on it shows at each Every-th occasion; 0 = at each
	Target string // narrows the occasions: a kind of call, or a task's id; see FaultForm
	How    string // the form that it takes, as the table says; "" = the default
}

type scope uint8

const (
	ofCall   scope = iota // a whole HTTP call; targets are its kinds
	ofItem                // a write, alone or in a batch; targets are an id, patch, status, and get for reads in the place of writes
	inBatch               // the same, but only as an item of a batch
	ofRead                // a GET of a task, or of pages with the target list
	ofList                // one page
	ofListed              // one task of a page; targets are ids
)

// show says whether a fault is what becomes of an occasion, or adds to what becomes of it, and how often it shows by default.
type show uint8

const (
	alone     show = iota // the first of these that shows is the one that counts
	beside                // shows with any other
	condition             // shows with any other, without end
)

// how is what may follow ~ in a fault.
type how uint8

const (
	nothing  how = iota
	seconds      // a number, or a range such as 0-7.5 of which each occasion draws
	wait         // a form of Retry-After
	property     // one that holds text
	form         // a way of writing the token
	items        // the most that are taken
)

// known is a fault as it is documented: where it shows, what may follow ~, and what becomes of the occasion. That of faults which do not
// show alone is in armed.apply.
type known struct {
	name  string
	scope scope
	show  show
	how   how
	Decision
	does string
}

var faultTable = []known{
	{"item-NNN", ofItem, alone, nothing, Decision{Never: true}, "the status NNN, 400 to 599, not applied (with =get: a read fails so; 404 is false then)"},
	{"item-NNN-applied", ofItem, alone, nothing, Decision{}, "the status NNN, yet applied"},
	{"refuse", ofItem, alone, nothing, Decision{Status: 400, Never: true}, "400, not applied"},
	{"forbid", ofItem, alone, nothing, Decision{Status: 403, Never: true}, "403, not applied"},
	{"locked", ofItem, alone, nothing, Decision{Status: 423, Never: true}, "423, not applied"},
	{"lie", ofItem, alone, nothing, Decision{Partly: true}, "200, but the last property of the PATCH keeps its old value"},
	{"ignore", ofItem, alone, nothing, Decision{Never: true, Body: BodyOld}, "200 with the task as it was, nothing stored"},
	{"stale-body", ofItem, alone, nothing, Decision{Body: BodyOld}, "applied, 200 with the task as it was"},
	{"no-content", ofItem, alone, nothing, Decision{Status: 204}, "applied, 204 without a body"},
	{"empty-item", ofItem, alone, nothing, Decision{Status: 200, Body: BodyNone}, "applied, 200 without a body"},
	{"garbage-item", ofItem, alone, nothing, Decision{Status: 200, Body: BodyGarbage}, "applied, 200 with a body that is no object"},
	{"drop-item", inBatch, alone, nothing, Decision{Reply: ReplyDropped, Never: true}, "not applied, and no answer for the item"},
	{"drop-item-applied", inBatch, alone, nothing, Decision{Reply: ReplyDropped}, "applied, and no answer for the item"},
	{"double-item", inBatch, alone, nothing, Decision{Reply: ReplyTwice}, "applied, and answered twice"},
	{"alien-item", inBatch, alone, nothing, Decision{Reply: ReplyAlien}, "applied, and an answer with an id that was not asked for beside it"},
	{"late", ofItem, beside, seconds, Decision{}, "applied so long after the answer (3 s, or ~seconds), whatever the answer of another fault says; at once with ~0"},
	{"lag", ofRead, condition, seconds, Decision{}, "a read of a task, or a page with =list, shows the state of so long ago (3 s, or ~seconds)"},
	{"keep-status", ofItem, condition, nothing, Decision{}, "a PATCH leaves the status alone; updateStatus sets it"},
	{"edit-before", ofItem, beside, property, Decision{}, "somebody else changes the task (assignedTo, or ~property) just before a write, or before a read with =get"},
	{"edit-after", ofItem, beside, property, Decision{}, "the same just after it, with whatever other fault shows there"},

	{"empty-page", ofList, alone, nothing, Decision{Page: PageEmpty}, "an empty page comes first"},
	{"repeat-task", ofList, alone, nothing, Decision{Page: PageRepeats}, "the last task of the page comes again"},
	{"loop-next", ofList, alone, nothing, Decision{Page: PageLoops}, "the next page is the same page"},
	{"foreign-next", ofList, alone, nothing, Decision{Page: PageForeign}, "the next page is on another host"},
	{"miss-task", ofListed, alone, nothing, Decision{Omit: true}, "a task (the first, or =ID) is left out of the list"},
	{"edit", ofListed, beside, property, Decision{}, "somebody else changes the task right after it was listed"},

	{"outer-NNN", ofCall, alone, nothing, Decision{Never: true}, "the status NNN, 400 to 599, nothing done"},
	{"outer-NNN-applied", ofCall, alone, nothing, Decision{}, "the status NNN, and the work is done"},
	{"outer-424", ofCall, alone, nothing, Decision{Status: 424, Body: BodyResponses}, "the work is done and answered under the status 424"},
	{"too-large", ofCall, alone, items, Decision{Status: 413, Never: true}, "413, nothing done (with ~N only a batch of more than N items)"},
	{"too-many", ofCall, alone, items, Decision{Status: 400, Never: true, Message: "Number of batch request steps exceeds the maximum value."}, "the same with 400 and the message of a batch that holds too many"},
	{"no-licence", ofCall, alone, nothing, Decision{Status: 400, Never: true, Message: "Request not applicable to target tenant."}, "400, as in a tenant without an Intune licence"},
	{"outer-html", ofCall, alone, nothing, Decision{Status: 502, Body: BodyHTML, Never: true}, "502 with an HTML page, nothing done"},
	{"outer-html-200", ofCall, alone, nothing, Decision{Status: 200, Body: BodyHTML, Never: true}, "200 with an HTML page, nothing done"},
	{"redirect", ofCall, alone, nothing, Decision{Status: 302, Never: true}, "302 to another host, nothing done"},
	{"huge", ofCall, alone, nothing, Decision{Body: BodyHuge, Never: true}, "200 with a body without end, nothing done"},
	{"cut-before", ofCall, alone, nothing, Decision{Reply: ReplyCut, Never: true}, "the connection breaks, nothing done"},
	{"cut", ofCall, alone, nothing, Decision{Reply: ReplyCut}, "the work is done, then the connection breaks before the answer"},
	{"truncate", ofCall, alone, nothing, Decision{Reply: ReplyTruncated}, "the work is done, then the connection breaks half way through the answer"},
	{"hang", ofCall, alone, nothing, Decision{Reply: ReplyHangs, Never: true}, "nothing done, and never an answer"},
	{"hang-applied", ofCall, alone, nothing, Decision{Reply: ReplyHangs}, "the work is done, and never an answer"},
	{"latency", ofCall, condition, seconds, Decision{}, "the work begins so much later (3 s, or ~seconds)"},
	{"slow", ofCall, beside, seconds, Decision{}, "the work is done, then the answer takes its time (3 s, or ~seconds)"},
	{"odd-case", ofCall, condition, nothing, Decision{Traits: OddCase}, "members of enumerations begin with a capital"},
	{"nine-digits", ofCall, condition, nothing, Decision{Traits: NineDigits}, "dates have nine fractional digits"},
	{"no-zone", ofCall, condition, nothing, Decision{Traits: NoZone}, "dates state no zone"},
	{"etag", ofCall, condition, nothing, Decision{Traits: ETags}, "tasks have an @odata.etag"},
	{"quota", ofCall, condition, nothing, Decision{Traits: Quota}, "headers speak of the limits"},
	{"odd-headers", ofCall, condition, nothing, Decision{Traits: OddHeaders}, "names of the headers of batch items are in lower case, or in capitals"},
	{"date-off", ofCall, condition, seconds, Decision{}, "the service's clock is off by so much (3 s, or ~seconds, such as ~-1800)"},

	{"echo-error", ofItem, alone, form, Decision{Status: 403, Never: true, Echo: EchoMessage}, "403, not applied, and the message holds the access token"},
	{"echo-id", ofItem, alone, form, Decision{Echo: EchoHeader}, "applied, and the item's request-id holds the token"},
	{"echo-task", ofItem, alone, form, Decision{Echo: EchoTask}, "applied, and the description of the task that is answered holds the token (with =get: of one that is read)"},
	{"echo-listed", ofListed, alone, form, Decision{Echo: EchoTask}, "the description of a task in the list holds the token"},
	{"echo-next", ofList, alone, form, Decision{Echo: EchoNext}, "the link to the next page holds the token"},
	{"echo-outer-error", ofCall, alone, form, Decision{Status: 403, Never: true, Echo: EchoMessage}, "403, nothing done, and the message holds the token"},
	{"echo-outer-id", ofCall, alone, form, Decision{Echo: EchoHeader}, "the work is done, and the call's request-id holds the token"},
	{"echo-body", ofCall, alone, form, Decision{Status: 200, Never: true, Echo: EchoBody}, "200 with an object that holds the token and nothing else, nothing done"},
	{"echo-location", ofCall, alone, form, Decision{Status: 302, Never: true, Echo: EchoLocation}, "302 to another host with the token, nothing done"},
}

var numbered = regexp.MustCompile(`^(item|outer)-([45]\d\d)(-applied)?$`)

// lookup finds what a fault is by its name.
func lookup(name string) (known, error) {
	for _, k := range faultTable {
		if k.name == name && !strings.Contains(name, "NNN") {
			return k, nil
		}
	}
	m := numbered.FindStringSubmatch(name)
	if m == nil {
		return known{}, fmt.Errorf("there is no fault %q", name)
	}
	k := known{name: name, scope: ofItem}
	if m[1] == "outer" {
		k.scope = ofCall
	}
	k.Status, _ = strconv.Atoi(m[2]) // three digits
	k.Never = m[3] == ""
	if asksToWait(k.Status) {
		k.how = wait
	}
	return k, nil
}

// FaultDoc is the name of a fault and what it does.
type FaultDoc struct{ Name, Does string }

// FaultTable lists the faults that ParseFaults takes.
func FaultTable() (docs []FaultDoc) {
	for _, k := range faultTable {
		docs = append(docs, FaultDoc{k.name, k.does})
	}
	return docs
}

// FaultForm says how a fault is written.
func FaultForm() string {
	return "A fault is name[~how][:count][@after][/every][=target]; count * is no end, which keep-status, lag, latency and what is from odd-case to date-off have of themselves.\n" +
		"Targets are list, get, patch, status and batch for whole calls; for items and tasks of the list a task's id, and for items patch, status or get.\n" +
		"Seconds may be a range such as 0-7.5, of which each occasion draws. 429, 503 and 509 take ~ and a form of Retry-After: seconds such as 0.249 or 315, " +
		strings.Join(waitForms, ", ") + " (message is in Intune's message). echo- takes a way of writing the token: " + strings.Join(echoForms, ", ") + "."
}

var faultSyntax = regexp.MustCompile(`^([a-z0-9-]+)(?:~([A-Za-z0-9.-]+))?(?::(\d+|\*))?(?:@(\d+))?(?:/(\d+))?(?:=([A-Za-z0-9._-]+))?$`)

// ParseFaults reads faults separated by commas or spaces, each
//
//	name[~how][:count][@after][/every][=target]
//
// where count is a number or * for no end. "outer-503:2@1=batch" lets one batch pass and fails the
// next two; "item-503:*/7" fails every seventh write, the first among them; "item-429~0.249:3" asks
// three times for a quarter of a second; "edit=ID" has somebody else change a task once it was listed;
// "item-504,late~20" has a write that is answered 504 take effect 20 s later.
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
		if _, err := f.arm(); err != nil {
			return nil, err
		}
		faults = append(faults, f)
	}
	return faults, nil
}

// plan is the faults of a sandbox.
type plan struct {
	mu     sync.Mutex
	faults []*armed
}

// armed is a fault with its count of occasions.
type armed struct {
	Fault
	known
	least, most time.Duration // where how is seconds
	above       int           // where how is items
	occasions   int
	shown       int
}

func arm(faults []Fault) (*plan, error) {
	p := &plan{}
	for _, f := range faults {
		a, err := f.arm()
		if err != nil {
			return nil, err
		}
		p.faults = append(p.faults, a)
	}
	return p, nil
}

func (f Fault) arm() (*armed, error) {
	k, err := lookup(f.Name)
	if err != nil {
		return nil, err
	}
	calls := []string{"", KindList, KindGet, KindPatch, KindStatus, KindBatch}
	if k.scope == ofCall && !slices.Contains(calls, f.Target) {
		return nil, fmt.Errorf("fault %s: the target %q is none of list, get, patch, status, batch", f.Name, f.Target)
	}
	if k.scope == ofList && f.Target != "" {
		return nil, fmt.Errorf("fault %s takes no target", f.Name)
	}
	if f.Count == 0 && k.show == condition {
		f.Count = -1
	}
	if f.Count == 0 {
		f.Count = 1
	}
	a := &armed{Fault: f, known: k, least: defaultSlow, most: defaultSlow}
	if f.How == "" {
		return a, nil
	}
	return a, a.readHow()
}

var secondsSyntax = regexp.MustCompile(`^(-?\d+(?:\.\d+)?)(?:-(\d+(?:\.\d+)?))?$`)

// readHow reads what follows ~, and refuses what the fault does not know.
func (a *armed) readHow() error {
	switch a.how {
	case seconds:
		m := secondsSyntax.FindStringSubmatch(a.How)
		if m == nil || (m[1][0] == '-' && a.Name != "date-off") {
			return fmt.Errorf("fault %s: %q is no number of seconds, and no range of them", a.Name, a.How)
		}
		a.least, _ = time.ParseDuration(m[1] + "s") // a number too large is the longest time there is
		a.most, _ = time.ParseDuration(cmp.Or(m[2], m[1]) + "s")
		if a.most < a.least {
			return fmt.Errorf("fault %s: the range %s ends before it begins", a.Name, a.How)
		}
	case wait:
		if _, err := strconv.ParseFloat(a.How, 64); err != nil && !slices.Contains(waitForms, a.How) {
			return fmt.Errorf("fault %s: %q is no form of Retry-After (seconds, %s)", a.Name, a.How, strings.Join(waitForms, ", "))
		}
		a.RetryAfter = a.How
	case property:
		if p := task.Lookup(a.How); p == nil || p.Kind != task.String || !p.Writable {
			return fmt.Errorf("fault %s: %q is no property that holds text", a.Name, a.How)
		}
	case form:
		if !slices.Contains(echoForms, a.How) {
			return fmt.Errorf("fault %s: %q is no way of writing the token (%s)", a.Name, a.How, strings.Join(echoForms, ", "))
		}
		a.EchoAs = a.How
	case items:
		n, err := strconv.Atoi(a.How)
		if err != nil || n < 1 {
			return fmt.Errorf("fault %s: %q is no number of items", a.Name, a.How)
		}
		a.above = n
	default:
		return fmt.Errorf("fault %s does not take ~%s", a.Name, a.How)
	}
	return nil
}

// perTask reports whether a fault shows at tasks of a page.
func (p *plan) perTask() bool {
	return slices.ContainsFunc(p.faults, func(a *armed) bool { return a.scope == ofListed })
}

// decide counts an occasion of each fault that it concerns. Of those that show alone the first that does counts, and the others keep
// their turn.
func (p *plan) decide(o Occasion) Decision {
	p.mu.Lock()
	defer p.mu.Unlock()
	var d Decision
	found := false
	for _, a := range p.faults {
		if a.show == alone && !found && a.concerns(o) && a.occurs() {
			d, found = a.Decision, true
		}
	}
	for _, a := range p.faults {
		if a.show != alone && a.concerns(o) && a.occurs() {
			a.apply(&d, o)
		}
	}
	return d
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

// concerns reports whether a fault may show at an occasion.
func (a *armed) concerns(o Occasion) bool {
	aimed := a.Target == o.Kind || (o.ID != "" && task.Key(a.Target) == task.Key(o.ID))
	switch a.scope {
	case ofCall:
		return o.Whole && (a.Target == "" || aimed) && (a.above == 0 || o.Items > a.above)
	case ofItem, inBatch:
		if o.Whole || (a.scope == inBatch && o.Item == "") {
			return false
		}
		if o.Kind == KindGet {
			return a.Target == KindGet
		}
		return (o.Kind == KindPatch || o.Kind == KindStatus) && (a.Target == "" || aimed)
	case ofRead:
		return !o.Whole && (o.Kind == KindGet && (a.Target == "" || aimed) || o.Kind == KindList && a.Target == KindList)
	case ofList:
		return !o.Whole && o.Kind == KindList
	}
	return o.Kind == KindListed && (a.Target == "" || aimed)
}

// apply adds a fault to what becomes of an occasion.
func (a *armed) apply(d *Decision, o Occasion) {
	drawn := a.least + time.Duration(o.Rand.Float64()*float64(a.most-a.least))
	edited := cmp.Or(a.How, task.AssignedTo.Name)
	d.Traits |= a.Traits
	switch a.Name {
	case "keep-status":
		d.KeepStatus = true
	case "late":
		d.Never, d.Late = false, drawn
	case "lag":
		d.Lag = drawn
	case "latency":
		d.Latency = drawn
	case "slow":
		d.Slow = drawn
	case "date-off":
		d.DateOff = drawn
	case "edit-before":
		d.EditBefore = edited
	case "edit-after", "edit":
		d.EditAfter = edited
	}
}
