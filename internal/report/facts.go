package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"taskrecon/internal/ledger"
	"taskrecon/internal/text"
)

// Fact is a text or a number under its label.
type Fact struct {
	Label string
	Value any // string or int
}

// Facts are some of a kind.
type Facts struct {
	Name string
	All  []Fact
}

// Add appends a fact.
func (f *Facts) Add(label string, value any) *Facts {
	f.All = append(f.All, Fact{label, value})
	return f
}

// Facts say what the run amounts to, who did what to which tenant, when, and what it took.
func (r *Run) Facts(o Options) []Facts {
	h := &r.Ledger.Header
	who := Facts{Name: "Who and when"}
	who.Add("Run ID", h.RunID).Add("Actor", h.Actor).Add("App ID", h.AppID).Add("Operator", h.Operator).Add("Command", h.Command+", version "+h.Version)
	who.Add("Started", o.moment(h.Started)).Add("Plan made", o.moment(h.Planned))
	if e := r.Ledger.End; e != nil {
		who.Add("Ended", o.moment(e.At)).Add("Duration", e.At.Sub(h.Started).Round(100*time.Millisecond).String())
		who.Add("Exit code", e.ExitCode).Add("Reason", e.Reason)
	} else {
		who.Add("Ended", "no end is recorded")
	}
	file := Facts{Name: "Which file"}
	file.Add("File", h.Input.File).Add("SHA-256", h.Input.SHA256).Add("Sheet", h.Input.Sheet).Add("Rows", h.Input.Rows)
	if h.Input.Undoes != "" {
		file.Add("Takes back run", h.Input.Undoes)
	}
	tenant := Facts{Name: "Which tenant"}
	tenant.Add("Tenant", h.Tenant).Add("Cloud", h.Cloud+", "+h.GraphURL)
	tenant.Add("Tasks of known kinds", h.TenantTasks).Add("Unmanaged", len(h.Unmanaged))
	groups := append([]Facts{r.amounts(), who}, r.legs(o)...)
	groups = append(groups, file, tenant)
	if totals := r.Totals(); len(totals) > 0 {
		wire := Facts{"What went over the wire", totals}
		if n := len(r.Ledger.Resumes); n > 0 {
			wire.Add("Counted", fmt.Sprintf("over the legs of the run that recorded their end; it has %d legs", n+1))
		}
		groups = append(groups, wire)
	}
	return groups
}

// mostLegs is how many legs of a run the first page lists.
const mostLegs = 6

// legs are a fact for each leg of a run that was resumed: when it began and ended, who ran it, and how it ended.
func (r *Run) legs(o Options) []Facts {
	h, l := &r.Ledger.Header, r.Ledger
	if len(l.Resumes) == 0 {
		return nil
	}
	f := Facts{Name: "Legs of the run"}
	ends := append(slices.Clone(l.Ends), l.End)
	for i, end := range ends {
		if i == mostLegs {
			f.Add("Further legs", fmt.Sprintf("%d; all are on Run", len(ends)-i))
			break
		}
		started, operator, how := h.Started, h.Operator, "cut short"
		if i > 0 {
			started, operator = l.Resumes[i-1].Started, l.Resumes[i-1].Operator
		}
		switch {
		case end != nil:
			how = fmt.Sprintf("ended %s with exit code %d: %s", o.moment(end.At), end.ExitCode, end.Reason)
		case i == 0 && h.Command == "plan":
			how = "made the plan"
		}
		f.Add(fmt.Sprintf("Leg %d", i+1), fmt.Sprintf("%s by %s, %s", o.moment(started), operator, how))
	}
	return []Facts{f}
}

// amounts say what the run changes or would change, which limits were lifted for it, and how to check this report.
func (r *Run) amounts() Facts {
	f := Facts{Name: "What it amounts to"}
	for _, line := range r.Amounts.Lines() {
		name, rest, _ := strings.Cut(line, ": ")
		f.Add(name, rest)
	}
	if len(f.All) == 0 {
		f.Add("Changes", "none")
	}
	if r.Notes > 0 {
		f.Add("Notes", text.Count(r.Notes, "note")+" to Defender, which cannot be taken back")
	}
	f.Add("Limits lifted", cmp.Or(strings.Join(r.lifted(), ", "), "none"))
	return *f.Add("To verify", "taskrecon verify LEDGER REPORT compares every cell with the ledger, and the ledger with its own hashes")
}

// lifted are the limits that any leg of the run was given wider than they are by themselves.
func (r *Run) lifted() (all []string) {
	options := slices.Clone(r.Ledger.Header.Options)
	for _, leg := range r.Ledger.Resumes {
		options = append(options, leg.Options...)
	}
	for _, o := range options {
		if word := strings.TrimSuffix("--"+o.Name+" "+o.Value, " true"); r.lifts(o) && !slices.Contains(all, word) {
			all = append(all, word)
		}
	}
	return all
}

func (r *Run) lifts(o ledger.Option) bool {
	share, isShare := strings.CutSuffix(o.Value, "%")
	n, _ := strconv.ParseFloat(share, 64)
	switch o.Name {
	case "max-changes":
		return o.Value == "off" || isShare && n > 30 || !isShare && n*100 > 30*float64(r.Ledger.Header.TenantTasks)
	case "max-clears":
		return o.Value == "off" || n > 10
	case "allow-reopen", "skip-invalid":
		return o.Value == "true"
	case "on-conflict":
		return o.Value == "overwrite"
	case "hidden":
		return o.Value != ""
	case "write-limit", "read-limit":
		return o.Value == "off"
	}
	return false
}

// Totals say what went over the wire, over all legs; none where the ledger does not know.
func (r *Run) Totals() []Fact {
	t := r.Ledger.Total()
	if r.Ledger.End == nil && t.Requests == 0 {
		return nil
	}
	return []Fact{
		{"Requests", t.Requests},
		{"Batches", t.Batches},
		{"Patches", t.Patches},
		{"Retries", t.Retries},
		{"Throttled", t.Throttled},
		{"Waited seconds", seconds(t.Waited)},
	}
}

// seconds is a duration as a number for people: to the tenth, which is finer than any pause asked for.
func seconds(d time.Duration) float64 {
	return float64(d.Round(100*time.Millisecond)) / float64(time.Second)
}

// moment is a time in UTC, and in the zone asked for where that is another.
func (o Options) moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	const layout = "2006-01-02 15:04:05"
	text := t.UTC().Format(layout) + " UTC"
	if !o.Foreign() {
		return text
	}
	return fmt.Sprintf("%s (%s, %s)", text, t.In(o.Zone).Format(layout+" -07:00"), o.Zone)
}
