package report

import (
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"taskrecon/internal/diff"
	"taskrecon/internal/ledger"
)

// pageView is what the page's template shows.
type pageView struct {
	Title, Policy    string
	Style            template.CSS // ours, as is: the policy has its hash
	Script           template.JS
	Verdict          string
	Good             bool
	Rows, Attention  string
	NeedAttention    bool
	Outcomes         []outcomeView
	Said             string // the chart in words
	Absent           string // the outcomes that no row has
	Notes            []string
	Facts            []factGroup
	Static           []staticRow
	Unmanaged        [][]string
	UnmanagedLeft    int
	UnmanagedHeaders []string
	Final            string
}

// outcomeView is an outcome's segment of the chart and its line in the legend.
type outcomeView struct {
	Word, Symbol, Solid, Over string
	Count, Share, Meaning     string
	X, Wide, Middle           string // in percent
	Label                     string // what fits into the segment
	Zero                      bool
}

type factGroup struct {
	Name  string
	Facts [][2]string
}

// staticRow is a row that needs attention, as it shows without JavaScript.
type staticRow struct {
	Row                       int
	ID, Name, Outcome, Reason string
	Edits                     [][2]string // property; "before → wanted"
}

// The page lists so many unmanaged tasks and notices about the input; it says what it leaves out.
const (
	pageUnmanaged = 2_000
	pageNotices   = 50
)

func (v *view) page(o Options) pageView {
	r := v.ledger
	p := pageView{
		Title: plain(title(&r.Header)), Policy: policy(), Style: template.CSS(styleSheet()), Script: template.JS(pageJS),
		Verdict: plain(v.verdict), Good: v.good, Rows: grouped(v.rows), Attention: grouped(v.failures), NeedAttention: v.failures > 0,
		Outcomes: v.segments(), Facts: v.facts(o), Final: r.Final,
		UnmanagedHeaders: []string{"Task ID", "Display name", "Status", "Assigned to", "Due"},
	}
	var said, absent []string
	for _, s := range p.Outcomes {
		if s.Zero {
			absent = append(absent, s.Word)
		} else {
			said = append(said, s.Count+" "+s.Word)
		}
	}
	p.Said, p.Absent = strings.Join(said, ", "), strings.Join(absent, ", ")
	for _, note := range v.notes() {
		p.Notes = append(p.Notes, plain(note))
	}
	for i, u := range r.Header.Unmanaged {
		if i == pageUnmanaged {
			p.UnmanagedLeft = len(r.Header.Unmanaged) - i
			break
		}
		p.Unmanaged = append(p.Unmanaged, []string{
			plain(u.ID), plain(u.DisplayName.String()), plain(u.Status.String()), plain(u.AssignedTo.String()), plain(u.DueDateTime.String()),
		})
	}
	return p
}

// segments lays the outcomes out in a bar, those that occurred first. One that occurred at all is wide
// enough to be seen.
func (v *view) segments() []outcomeView {
	const least = 1.0
	order := diff.Outcomes()
	slices.SortStableFunc(order, func(a, b diff.Outcome) int { return zero(v.outcomes[a]) - zero(v.outcomes[b]) })
	sum := 0.0
	wide := map[diff.Outcome]float64{}
	for _, o := range order {
		if n := v.outcomes[o]; n > 0 {
			wide[o] = max(least, 100*float64(n)/float64(v.rows))
			sum += wide[o]
		}
	}
	x := 0.0
	list := make([]outcomeView, 0, len(order))
	for _, o := range order {
		n, l := v.outcomes[o], looks[o]
		s := outcomeView{
			Word: string(o), Symbol: l.symbol, Solid: "#" + l.solid, Over: "#" + l.over,
			Count: grouped(n), Meaning: v.meaning(o), Zero: n == 0,
		}
		if n > 0 {
			share := wide[o] * 100 / sum
			s.Share = percent(n, v.rows)
			s.X, s.Wide, s.Middle = fmt.Sprintf("%.3f%%", x), fmt.Sprintf("%.3f%%", share), fmt.Sprintf("%.3f%%", x+share/2)
			if x += share; share >= 20 {
				s.Label = l.symbol + " " + s.Count + " " + s.Word
			} else if share >= 3 {
				s.Label = l.symbol
			}
		}
		list = append(list, s)
	}
	return list
}

// percent never says 0.0 % of something that occurred, nor 100.0 % of what did not occur throughout.
func percent(n, of int) string {
	switch share := 100 * float64(n) / float64(of); {
	case n > 0 && share < 0.1:
		return "< 0.1 %"
	case n < of && share > 99.9:
		return "> 99.9 %"
	default:
		return fmt.Sprintf("%.1f %%", share)
	}
}

// pageAdvice is the workbook's advice where that points to its sheets.
var pageAdvice = map[diff.Outcome]string{
	diff.Differs: "the tenant accepted the change and now holds another value; the row shows both",
	diff.Failed:  "the service refused; the row has the reason, error code and request ID",
}

// notes lists what the reader should look at, the gravest first, as the workbook's Summary does.
func (v *view) notes() []string {
	r := v.ledger
	var list []string
	say := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	if r.End == nil && !r.Planned() {
		say("The run was cut short. \"taskrecon apply\" with its ledger settles what was sent and goes on.")
	}
	if r.Torn {
		say("The last line of the ledger was not whole and is left out: the program was stopped while it wrote it.")
	}
	order := diff.Outcomes()
	grave := func(o diff.Outcome) int { return slices.Index([]diff.Outcome{diff.Differs, diff.Unknown}, o) }
	slices.SortStableFunc(order, func(a, b diff.Outcome) int { return grave(b) - grave(a) })
	for _, o := range order {
		rows := v.outcomes[o]
		if o == diff.NotSent {
			rows -= v.waiting
		}
		text, ok := pageAdvice[o]
		if !ok {
			text = advice[o]
		}
		if rows > 0 && !o.Good() {
			say("%s %s: %s.", plural(rows, "row"), o, text)
		}
	}
	if v.temporary > 0 {
		say("For %s of these the reason may pass: the same run again may settle them.", grouped(v.temporary))
	}
	if left := len(r.Header.Unmanaged); left > 0 {
		say("No row names %s of the tenant; they are listed below. They were left alone.", plural(left, "task"))
	}
	if held := v.held(); held < v.rows {
		say("The page holds %s of %s rows, those that need attention first; the other forms of the report hold all.", grouped(held), grouped(v.rows))
	}
	for i, notice := range r.Header.Input.Notices {
		if i == pageNotices {
			say("%s more about the input; all are in the workbook and the JSON report.", plural(len(r.Header.Input.Notices)-i, "notice"))
			break
		}
		say("About the input: %s", notice)
	}
	return list
}

// facts are those of the workbook's Summary.
func (v *view) facts(o Options) []factGroup {
	r, h := v.ledger, &v.ledger.Header
	who := factGroup{Name: "Who and when"}
	who.add("Actor", h.Actor).add("Operator", h.Operator).add("Command", h.Command+", version "+h.Version)
	who.add("Started", moment(h.Started, o.Zone)).add("Plan made", moment(h.Planned, o.Zone))
	if e := r.End; e != nil {
		who.add("Ended", moment(e.At, o.Zone)).add("Duration", e.At.Sub(h.Started).Round(100*time.Millisecond))
		who.add("Exit code", e.ExitCode).add("Reason", e.Reason)
	} else {
		who.add("Ended", "no end is recorded")
	}
	for i, leg := range r.Resumes {
		who.add(fmt.Sprintf("Resumed, leg %d", i+2), moment(leg.Started, o.Zone)+" by "+leg.Operator)
	}
	file := factGroup{Name: "Which file"}
	file.add("File", h.Input.File).add("SHA-256", h.Input.SHA256).add("Sheet", h.Input.Sheet).add("Rows", grouped(h.Input.Rows))
	tenant := factGroup{Name: "Which tenant"}
	tenant.add("Tenant", h.Tenant).add("Cloud", h.Cloud+", "+h.GraphURL)
	tenant.add("Tasks", grouped(h.TenantTasks)).add("Unmanaged", grouped(len(h.Unmanaged)))
	groups := []factGroup{who, file, tenant}
	if t := r.Total(); r.End != nil || t.Requests > 0 {
		wire := factGroup{Name: "What went over the wire"}
		wire.add("Requests", grouped(t.Requests)).add("Batches", grouped(t.Batches)).add("Patches", grouped(t.Patches))
		wire.add("Retries", grouped(t.Retries)).add("Throttled", grouped(t.Throttled)).add("Waited seconds", seconds(t.Waited))
		if n := len(r.Resumes); n > 0 {
			wire.add("Counted", fmt.Sprintf("over the legs of the run that recorded their end; it has %d legs", n+1))
		}
		groups = append(groups, wire)
	}
	options := factGroup{Name: "Options"}
	for _, option := range h.Options {
		options.add(option.Name, option.Value)
	}
	hashes := factGroup{Name: "Ledger"}
	hashes.add("Plan SHA-256", h.PlanHash).add("Final SHA-256", r.Final)
	return append(groups, options, hashes)
}

func (g *factGroup) add(name string, value any) *factGroup {
	text := plain(fmt.Sprint(value))
	if text == "" {
		text = "–"
	}
	g.Facts = append(g.Facts, [2]string{plain(name), text})
	return g
}

func newStaticRow(e ledger.Entry) staticRow {
	row := staticRow{e.Row, plain(e.ID), plain(e.DisplayName.String()), string(e.Outcome), plain(reason(e)), nil}
	for _, edit := range e.Edits {
		row.Edits = append(row.Edits, [2]string{plain(edit.Property), fmt.Sprintf("%s → %s", plain(valueWords(edit.Before)), plain(valueWords(edit.Wanted)))})
	}
	return row
}
