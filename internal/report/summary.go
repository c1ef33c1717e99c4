package report

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"taskrecon/internal/diff"
	"taskrecon/internal/ledger"
)

// The Summary's columns: a swatch, the outcome or a label, its rows, their share, the meaning, and
// room for the chart.
var summaryWidths = []float64{5, 19, 11, 10, 70, 40}

// page writes the Summary line by line and keeps the first error.
type page struct {
	book  *book
	row   int // the last one written
	links []link
	named map[string]string // cells by the names that they get
	err   error
}

// summary writes the first sheet, last of all: it tells what the pass over the entries counted.
func (b *book) summary(r *ledger.Reader, n figures, o Options) error {
	p := &page{book: b, named: map[string]string{}}
	p.setUp()
	words, good := judge(r, n)
	p.heading(r, words, good)
	p.outcomes(n)
	p.space()
	p.section("What needs attention")
	list := b.attention(r, n)
	if len(list) == 0 {
		list = []advised{{text: "Nothing."}}
	}
	for _, a := range list {
		p.attention(a)
	}
	p.space()
	p.facts(r, o)
	p.space()
	p.line(fmt.Sprintf("Drawn from the ledger alone. Times on all sheets are in %s. Ledger SHA-256 %s.", zones(o.Zone), r.Final), b.styles.note)
	b.lines = p.row
	return errors.Join(p.err, b.connect(summarySheet, p.links), b.printed(summarySheet, portrait, 1), b.nameCells(p), b.describe(r, words))
}

func (p *page) setUp() {
	f := p.book.file
	p.do(f.SetSheetProps(summarySheet, &excelize.SheetPropsOptions{FitToPage: new(true), TabColorRGB: new("009E73")}))
	p.do(f.SetSheetView(summarySheet, 0, &excelize.ViewOptions{ShowGridLines: new(false)}))
	for i, width := range summaryWidths {
		name, err := excelize.ColumnNumberToName(i + 1)
		p.do(err)
		p.do(f.SetColWidth(summarySheet, name, name, width))
	}
}

func (p *page) do(err error) { p.err = errors.Join(p.err, err) }

// next begins a row of that many lines of text.
func (p *page) next(lines int) {
	p.row++
	p.do(p.book.file.SetRowHeight(summarySheet, p.row, min(15.5+lineHeight*float64(lines-1), excelize.MaxRowHeight)))
}

// space leaves a row empty; it is written all the same, so that rows can be counted.
func (p *page) space() { p.next(1) }

// put writes a cell of the row at hand: a string, which never becomes a formula, or a number.
func (p *page) put(column string, value any, style int) {
	cell := fmt.Sprintf("%s%d", column, p.row)
	f := p.book.file
	if text, ok := value.(string); ok {
		p.do(f.SetCellStr(summarySheet, cell, clean(text)))
	} else if value != nil {
		p.do(f.SetCellValue(summarySheet, cell, value))
	}
	p.do(f.SetCellStyle(summarySheet, cell, cell, style))
}

// span writes a text over several columns.
func (p *page) span(from, to string, value any, style int) {
	first, last := fmt.Sprintf("%s%d", from, p.row), fmt.Sprintf("%s%d", to, p.row)
	p.put(from, value, style)
	p.do(p.book.file.MergeCell(summarySheet, first, last))
	p.do(p.book.file.SetCellStyle(summarySheet, first, last, style))
}

// line writes a text over the whole width.
func (p *page) line(text string, style int) {
	p.next(lines(text, width(0, 6)))
	p.span("A", "F", text, style)
}

// attention writes a line that leads to the rows that it speaks of.
func (p *page) attention(a advised) {
	style := p.book.styles.attention
	if a.to.row > 0 {
		style = p.book.styles.attentionLink
	}
	p.line(a.text, style)
	p.lead("A", a.to)
}

// lead makes a cell of the row at hand lead to a row elsewhere, if there is one.
func (p *page) lead(column string, to spot) {
	if to.row > 0 {
		p.links = append(p.links, link{fmt.Sprintf("%s%d", column, p.row), to})
	}
}

// name gives a cell of the row at hand a name for formulas.
func (p *page) name(name, column string) {
	p.named[name] = absolute(summarySheet, column, p.row)
}

func (p *page) section(text string) {
	p.next(1)
	p.do(p.book.file.SetRowHeight(summarySheet, p.row, 22))
	p.span("A", "F", text, p.book.styles.section)
}

// width is that of the columns from first up to, not with, end.
func width(first, end int) float64 {
	sum := 0.0
	for _, w := range summaryWidths[first:end] {
		sum += w
	}
	return sum
}

func (p *page) heading(r *ledger.Reader, words string, good bool) {
	f, st := p.book.file, &p.book.styles
	p.next(1)
	p.do(f.SetRowHeight(summarySheet, p.row, 30))
	p.span("A", "F", title(&r.Header), st.title)
	style := st.bad
	if good {
		style = st.good
	}
	p.next(1)
	p.do(f.SetRowHeight(summarySheet, p.row, min(14+16*float64(lines(words, width(0, 6)*0.8)), excelize.MaxRowHeight)))
	p.span("A", "F", words, style)
	p.name("Verdict", "A")
	p.space()
}

// outcomes writes the table of outcomes: those that occurred first, which is what the chart shows, then
// the rest, dimmed.
func (p *page) outcomes(n figures) {
	st := &p.book.styles
	p.next(1)
	p.put("A", nil, st.header)
	p.outcomeLine("Outcome", "Rows", "Share", "Meaning", [4]int{st.header, st.headerRight, st.headerRight, st.headerIn})
	order := n.shown()
	slices.SortStableFunc(order, func(a, b diff.Outcome) int { return zero(n.outcomes[a]) - zero(n.outcomes[b]) })
	first, sum := p.row+1, 0
	var shown []diff.Outcome
	for _, o := range order {
		rows := n.outcomes[o]
		sum += rows
		p.next(lines(n.meaning(o), summaryWidths[4]))
		p.name("Rows_"+strings.ReplaceAll(string(o), " ", "_"), "C")
		if rows == 0 {
			p.put("A", looks[o].symbol, st.zeroSwatch)
			p.outcomeLine(string(o), rows, 0, n.meaning(o), [4]int{st.zeroWord, st.zeroCount, st.zeroShare, st.zeroMeaning})
			continue
		}
		shown = append(shown, o)
		p.put("A", looks[o].symbol, st.swatch[o])
		p.outcomeLine(string(o), rows, float64(rows)/float64(n.rows), n.meaning(o), [4]int{st.word[o], st.count, st.share, st.meaning})
		p.lead("B", p.book.first[o].results)
	}
	p.next(1)
	p.put("A", nil, st.totalFill)
	p.name("Rows_total", "C")
	p.bars(first, p.row-1)
	share := 0.0
	if sum > 0 {
		share = 1
	}
	p.outcomeLine("Total", sum, share, "Each row of the input has exactly one outcome",
		[4]int{st.totalWord, st.totalCount, st.totalShare, st.totalFill})
	if len(shown) > 0 {
		p.chart(shown, n, first)
	}
}

// meaning explains an outcome as it is meant in this ledger.
func (n *figures) meaning(o diff.Outcome) string {
	if o == wouldChange {
		return "Differs from what is wanted; a run of this plan sends it"
	}
	return o.Meaning()
}

// bars draws the shares behind their figures.
func (p *page) bars(first, last int) {
	p.do(p.book.file.SetConditionalFormat(summarySheet, fmt.Sprintf("D%d:D%d", first, last), []excelize.ConditionalFormatOptions{{
		Type: "data_bar", Criteria: "=", MinType: "num", MinValue: "0", MaxType: "num", MaxValue: "1", BarColor: "#" + barInk, BarSolid: true,
	}}))
}

// zero sorts what occurred before what did not.
func zero(n int) int {
	if n == 0 {
		return 1
	}
	return 0
}

func (p *page) outcomeLine(word string, rows, share any, meaning string, style [4]int) {
	p.put("B", word, style[0])
	p.put("C", rows, style[1])
	p.put("D", share, style[2])
	p.put("E", meaning, style[3])
}

// facts writes who did what to which tenant, when, and what it took.
func (p *page) facts(r *ledger.Reader, o Options) {
	for _, g := range factsOf(r, o) {
		p.section(g.name)
		for _, f := range g.facts {
			p.fact(f.label, f.value)
		}
	}
}

// fact writes a label and its value; a blank value is said to be one.
func (p *page) fact(label string, value any) {
	height := 1
	if text, ok := value.(string); ok {
		if text == "" {
			value = "–"
		}
		height = lines(text, width(2, 6))
	}
	p.next(height)
	p.span("A", "B", label, p.book.styles.label)
	p.span("C", "F", value, p.book.styles.fact)
}

// moment writes a time in UTC, and in the zone asked for where that is another.
func moment(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return ""
	}
	const layout = "2006-01-02 15:04:05"
	text := t.UTC().Format(layout) + " UTC"
	if !foreign(zone) {
		return text
	}
	return fmt.Sprintf("%s (%s, %s)", text, t.In(zone).Format(layout+" -07:00"), zone)
}

// foreign reports whether times are shown in the zone beside UTC.
func foreign(zone *time.Location) bool { return zone != nil && zone != time.UTC }

// zones says in which zones the times of a report are.
func zones(zone *time.Location) string {
	if !foreign(zone) {
		return "UTC"
	}
	return fmt.Sprintf("UTC, but for those that name %s", zone)
}
