package report

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strings"

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
	Facts            []factView
	Static           []staticRow
	Unmanaged        [][]string
	UnmanagedLeft    int
	UnmanagedHeaders []string
	Zones            string // of its times
	Final            string
}

// outcomeView is an outcome's segment of the chart and its line in the legend.
type outcomeView struct {
	Word, Class, Symbol, Solid, Over string
	Count, Share, Meaning            string
	X, Wide, Middle                  string // in percent
	Label                            string // what fits into the segment
	Zero                             bool
}

type factView struct {
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
		Outcomes: v.segments(), Facts: v.facts(o), Zones: zones(o.Zone), Final: r.Final,
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
	order := v.shown()
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
			Word: string(o), Class: class(o), Symbol: l.symbol, Solid: "#" + l.solid, Over: "#" + l.over,
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
	trouble(r, v.figures, func(o diff.Outcome) string { return cmp.Or(pageAdvice[o], advice[o]) }, say)
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

// facts are those of the workbook's Summary, and what Run has beside them.
func (v *view) facts(o Options) []factView {
	h := &v.ledger.Header
	options := factGroup{name: "Options"}
	for _, option := range h.Options {
		options.add(option.Name, option.Value)
	}
	hashes := factGroup{name: "Ledger"}
	hashes.add("Plan SHA-256", h.PlanHash).add("Final SHA-256", v.ledger.Final)
	var views []factView
	for _, g := range append(factsOf(v.ledger, o), options, hashes) {
		shown := factView{Name: g.name}
		for _, f := range g.facts {
			shown.Facts = append(shown.Facts, [2]string{plain(f.label), factText(f.value)})
		}
		views = append(views, shown)
	}
	return views
}

// factText is the value of a fact as the page shows it; a blank one is said to be one.
func factText(value any) string {
	text := fmt.Sprint(value)
	if n, ok := value.(int); ok {
		text = grouped(n)
	}
	if text == "" {
		return "–"
	}
	return plain(text)
}

func newStaticRow(e ledger.Entry) staticRow {
	row := staticRow{e.Row, plain(e.ID), plain(e.DisplayName.String()), string(e.Outcome), plain(reason(e)), nil}
	for _, edit := range e.Edits {
		row.Edits = append(row.Edits, [2]string{plain(edit.Property), fmt.Sprintf("%s → %s", plain(valueWords(edit.Before)), plain(valueWords(edit.Wanted)))})
	}
	return row
}
