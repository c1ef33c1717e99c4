package page

import (
	"cmp"
	"fmt"
	"html/template"
	"strings"

	"taskrecon/internal/diff"
	"taskrecon/internal/report"
	"taskrecon/internal/text"
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
	Amounts          factView // what the run amounts to
	Facts            []factView
	Static           []staticRow
	Unmanaged        [][]string
	UnmanagedLeft    string
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
	Edits                     [][2]string // property; "before → wanted", or of a conflict its values
}

// The page lists so many unmanaged tasks and notices about the input; it says what it leaves out.
const (
	mostUnmanaged = 2_000
	mostNotices   = 50
)

func (p *page) view(static []staticRow) pageView {
	r := p.Ledger
	verdict, good := p.Verdict()
	facts := p.facts()
	v := pageView{
		Title: plain(report.Title(&r.Header)), Policy: policy(), Style: template.CSS(styleSheet()), Script: template.JS(pageJS),
		Verdict: plain(verdict), Good: good, Rows: text.Grouped(p.Rows), Attention: text.Grouped(p.Failures), NeedAttention: p.Failures > 0,
		Outcomes: p.segments(), Amounts: facts[0], Facts: facts[1:], Static: static, Zones: p.options.Zones(), Final: r.Final,
		UnmanagedHeaders: report.UnmanagedHeaders,
	}
	var said, absent []string
	for _, s := range v.Outcomes {
		if s.Zero {
			absent = append(absent, s.Word)
		} else {
			said = append(said, s.Count+" "+s.Word)
		}
	}
	v.Said, v.Absent = strings.Join(said, ", "), strings.Join(absent, ", ")
	for _, note := range p.notes() {
		v.Notes = append(v.Notes, plain(note))
	}
	for i, u := range r.Header.Unmanaged {
		if i == mostUnmanaged {
			v.UnmanagedLeft = text.Grouped(len(r.Header.Unmanaged) - i)
			break
		}
		values := report.UnmanagedValues(&u)
		for j := range values {
			values[j] = plain(values[j])
		}
		v.Unmanaged = append(v.Unmanaged, values)
	}
	return v
}

// segments lays the outcomes out in a bar, those that occurred first. One that occurred at all is wide
// enough to be seen.
func (p *page) segments() []outcomeView {
	const least = 1.0
	order := p.OccurredFirst()
	sum := 0.0
	wide := map[diff.Outcome]float64{}
	for _, o := range order {
		if n := p.Outcomes[o]; n > 0 {
			wide[o] = max(least, 100*float64(n)/float64(p.Rows))
			sum += wide[o]
		}
	}
	x := 0.0
	list := make([]outcomeView, 0, len(order))
	for _, o := range order {
		n, l := p.Outcomes[o], report.Looks[o]
		s := outcomeView{
			Word: string(o), Class: class(o), Symbol: l.Symbol, Solid: "#" + l.Solid, Over: "#" + l.Over,
			Count: text.Grouped(n), Meaning: report.Meaning(o), Zero: n == 0,
		}
		if n > 0 {
			share := wide[o] * 100 / sum
			s.Share = percent(n, p.Rows)
			s.X, s.Wide, s.Middle = fmt.Sprintf("%.3f%%", x), fmt.Sprintf("%.3f%%", share), fmt.Sprintf("%.3f%%", x+share/2)
			if x += share; share >= 20 {
				s.Label = l.Symbol + " " + s.Count + " " + s.Word
			} else if share >= 3 {
				s.Label = l.Symbol
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
		return "< 0.1%"
	case n < of && share > 99.9:
		return "> 99.9%"
	default:
		return fmt.Sprintf("%.1f%%", share)
	}
}

// pageAdvice is the workbook's advice where that points to its sheets.
var pageAdvice = map[diff.Outcome]string{
	diff.Differs: "the tenant accepted the change and held another value when it was read last; the row shows both",
	diff.Failed:  "the service refused; the row has the reason, error code and request ID",
}

// notes lists what the reader should look at, the gravest first, as the workbook's Summary does.
func (p *page) notes() []string {
	h := &p.Ledger.Header
	var list []string
	say := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	p.Trouble(func(o diff.Outcome) string { return cmp.Or(pageAdvice[o], report.Advice[o]) }, say)
	if left := len(h.Unmanaged); left > 0 {
		say("No row names %s of the tenant; they are listed below. They were left alone.", text.Count(left, "task"))
	}
	if held := p.held(); held < p.Rows {
		say("The page holds %s of %s rows, those that need attention first; the other forms of the report hold all.", text.Grouped(held), text.Grouped(p.Rows))
	}
	return append(list, p.Notices(mostNotices, "in the workbook and the JSON report")...)
}

// facts are those of the workbook's Summary, and what Run has beside them.
func (p *page) facts() []factView {
	h := &p.Ledger.Header
	options := report.Facts{Name: "Options"}
	for _, option := range h.Options {
		options.Add(option.Name, option.Value)
	}
	hashes := report.Facts{Name: "Ledger"}
	hashes.Add("Plan SHA-256", h.PlanHash).Add("Final SHA-256", p.Ledger.Final)
	var views []factView
	for _, group := range append(p.Run.Facts(p.options), options, hashes) {
		shown := factView{Name: group.Name}
		for _, f := range group.All {
			shown.Facts = append(shown.Facts, [2]string{plain(f.Label), factText(f.Value)})
		}
		views = append(views, shown)
	}
	return views
}

// factText is the value of a fact as the page shows it; a blank one is said to be one.
func factText(value any) string {
	shown := fmt.Sprint(value)
	if n, ok := value.(int); ok {
		shown = text.Grouped(n)
	}
	if shown == "" {
		return "–"
	}
	return plain(shown)
}

func newStaticRow(row *report.Row) staticRow {
	s := staticRow{row.Row, plain(row.ID), plain(row.DisplayName.String()), string(row.Outcome), plain(row.Why()), nil}
	for _, e := range rowEdits(row) {
		values := e.before + " → " + e.wanted
		if e.conflict {
			values = fmt.Sprintf("base %s, found %s, wanted %s", e.before, *e.found, e.wanted)
		}
		s.Edits = append(s.Edits, [2]string{e.property, values})
	}
	return s
}
