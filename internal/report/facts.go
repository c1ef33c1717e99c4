package report

import (
	"cmp"
	"fmt"
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

// mostLegs is how many legs of a run the first page lists.
const mostLegs = 5

// Facts say who did what to which tenant, when, and what it took.
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
	for i, leg := range r.Ledger.Resumes {
		if i == mostLegs {
			who.Add("Resumed again", fmt.Sprintf("%s more; all are on Run", text.Count(len(r.Ledger.Resumes)-i, "time")))
			break
		}
		who.Add(fmt.Sprintf("Resumed, leg %d", i+2), o.moment(leg.Started)+" by "+leg.Operator)
	}
	file := Facts{Name: "Which file"}
	file.Add("File", h.Input.File).Add("SHA-256", h.Input.SHA256).Add("Sheet", h.Input.Sheet).Add("Rows", h.Input.Rows)
	tenant := Facts{Name: "Which tenant"}
	tenant.Add("Tenant", h.Tenant).Add("Cloud", h.Cloud+", "+h.GraphURL)
	tenant.Add("Tasks of known kinds", h.TenantTasks).Add("Unmanaged", len(h.Unmanaged))
	groups := []Facts{r.amounts(), who, file, tenant}
	if totals := r.Totals(); len(totals) > 0 {
		wire := Facts{"What went over the wire", totals}
		if n := len(r.Ledger.Resumes); n > 0 {
			wire.Add("Counted", fmt.Sprintf("over the legs of the run that recorded their end; it has %d legs", n+1))
		}
		groups = append(groups, wire)
	}
	return groups
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
	var lifted []string
	for _, o := range r.options() {
		if usual, is := usualLimits[o.Name]; is && o.Value != usual {
			lifted = append(lifted, strings.TrimSuffix("--"+o.Name+" "+o.Value, " true"))
		}
	}
	f.Add("Limits lifted", cmp.Or(strings.Join(lifted, ", "), "none"))
	return *f.Add("To verify", "taskrecon verify LEDGER REPORT compares every cell with the ledger, and the ledger with its own hashes")
}

// usualLimits are the options that keep a run from going far, with the values that they have unless somebody says otherwise.
var usualLimits = map[string]string{
	"max-changes": "30%", "max-clears": "10", "allow-reopen": "false", "on-conflict": "skip", "skip-invalid": "false", "hidden": "",
}

// options are those of the run's last leg.
func (r *Run) options() []ledger.Option {
	if n := len(r.Ledger.Resumes); n > 0 {
		return r.Ledger.Resumes[n-1].Options
	}
	return r.Ledger.Header.Options
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
