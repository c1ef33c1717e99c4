package workbook

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/xuri/excelize/v2"

	"taskrecon/internal/diff"
	"taskrecon/internal/report"
	"taskrecon/internal/xlsx"
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

// summary writes the first sheet, last of all: it says what the pass over the rows counted.
func (b *book) summary() error {
	p := &page{book: b, named: map[string]string{}}
	p.setUp()
	p.heading()
	p.outcomes()
	p.space()
	p.section("What needs attention")
	list := b.attention()
	if len(list) == 0 {
		list = []advised{{text: "Nothing."}}
	}
	for _, a := range list {
		p.attention(a)
	}
	p.space()
	p.facts()
	p.space()
	p.line("The workbook prints Summary, Failures and Changes. To print another sheet, clear its print area (Page Layout, Print Area).", note)
	p.line(fmt.Sprintf("Drawn from the ledger alone. Times on all sheets are in %s. Ledger SHA-256 %s.", b.options.Zones(), b.run.Ledger.Final), note)
	return errors.Join(p.err, b.connect(report.SummarySheet, p.links), b.printed(report.SummarySheet, 1),
		b.printArea(report.SummarySheet, 1, len(summaryWidths), p.row), b.nameCells(p))
}

func (p *page) setUp() {
	f := p.book.file
	p.do(f.SetSheetProps(report.SummarySheet, &excelize.SheetPropsOptions{FitToPage: new(true), TabColorRGB: new("FF009E73")}))
	p.do(f.SetSheetView(report.SummarySheet, 0, &excelize.ViewOptions{ShowGridLines: new(false)}))
	for i, width := range summaryWidths {
		name, err := excelize.ColumnNumberToName(i + 1)
		p.do(err)
		p.do(f.SetColWidth(report.SummarySheet, name, name, width))
	}
}

func (p *page) do(err error) { p.err = errors.Join(p.err, err) }

// next begins a row of that many lines of text.
func (p *page) next(lines int) {
	p.row++
	p.do(p.book.file.SetRowHeight(report.SummarySheet, p.row, min(15.5+lineHeight*float64(lines-1), excelize.MaxRowHeight)))
}

// space leaves a row empty.
func (p *page) space() { p.next(1) }

// put writes a cell of the row at hand: a string, which never becomes a formula, or a number.
func (p *page) put(column string, value any, l xlsx.Look) {
	cell := fmt.Sprintf("%s%d", column, p.row)
	f := p.book.file
	if text, ok := value.(string); ok {
		value = xlsx.CellText(clean(text))
	}
	switch v := value.(type) {
	case string:
		p.do(f.SetCellStr(report.SummarySheet, cell, v))
	case []excelize.RichTextRun:
		p.do(f.SetCellRichText(report.SummarySheet, cell, v))
	case int, float64:
		p.do(f.SetCellValue(report.SummarySheet, cell, v))
	}
	p.do(f.SetCellStyle(report.SummarySheet, cell, cell, p.book.style(l)))
}

// span writes a text over several columns.
func (p *page) span(from, to string, value any, l xlsx.Look) {
	first, last := fmt.Sprintf("%s%d", from, p.row), fmt.Sprintf("%s%d", to, p.row)
	p.put(from, value, l)
	p.do(p.book.file.MergeCell(report.SummarySheet, first, last))
	p.do(p.book.file.SetCellStyle(report.SummarySheet, first, last, p.book.style(l)))
}

// line writes a text over the whole width.
func (p *page) line(text string, l xlsx.Look) {
	p.next(xlsx.Lines(text, width(0, 6)))
	p.span("A", "F", text, l)
}

// attention writes a line that leads to the rows that it is about.
func (p *page) attention(a advised) {
	as := attention
	if a.to.row > 0 {
		as = linking(as)
	}
	p.line(a.text, as)
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
	p.named[name] = absolute(report.SummarySheet, column, p.row)
}

func (p *page) section(text string) {
	p.next(1)
	p.do(p.book.file.SetRowHeight(report.SummarySheet, p.row, 22))
	p.span("A", "F", text, section)
}

// width is that of the columns from first up to, not with, end.
func width(first, end int) float64 {
	sum := 0.0
	for _, w := range summaryWidths[first:end] {
		sum += w
	}
	return sum
}

func (p *page) heading() {
	f := p.book.file
	words, right := p.book.run.Verdict()
	p.next(1)
	p.do(f.SetRowHeight(report.SummarySheet, p.row, 30))
	p.span("A", "F", report.Title(&p.book.run.Ledger.Header), titleLook)
	as := bad
	if right {
		as = good
	}
	p.next(1)
	p.do(f.SetRowHeight(report.SummarySheet, p.row, min(14+16*float64(xlsx.Lines(words, width(0, 6)*0.8)), excelize.MaxRowHeight)))
	p.span("A", "F", words, as)
	p.name("Verdict", "A")
	p.space()
}

// outcomes writes the table of outcomes: those that occurred first, which is what the chart shows, then
// the rest, dimmed.
func (p *page) outcomes() {
	run := p.book.run
	p.next(1)
	p.put("A", nil, header)
	p.outcomeLine("Outcome", "Rows", "Share", "Meaning", [4]xlsx.Look{header, headerRight, headerRight, headerIn})
	first, sum := p.row+1, 0
	var shown []diff.Outcome
	for _, o := range run.OccurredFirst() {
		rows, symbol, means := run.Outcomes[o], report.Looks[o].Symbol, report.Meaning(o)
		sum += rows
		p.next(xlsx.Lines(means, summaryWidths[4]))
		p.name("Rows_"+strings.ReplaceAll(string(o), " ", "_"), "C")
		if rows == 0 {
			p.put("A", symbol, dimmed(symbolLook))
			p.outcomeLine(string(o), rows, 0, means, [4]xlsx.Look{dimmed(wordLook), dimmed(countLook), dimmed(shareLook), dimmed(meaning)})
			continue
		}
		shown = append(shown, o)
		p.put("A", symbol, swatch(o))
		p.outcomeLine(string(o), rows, float64(rows)/float64(run.Rows), means, [4]xlsx.Look{outcomeWord, countLook, shareLook, meaning})
		p.lead("B", p.book.first[o].results)
	}
	p.next(1)
	p.put("A", nil, totalMeaning)
	p.name("Rows_total", "C")
	p.bars(first, p.row-1)
	share := 0.0
	if sum > 0 {
		share = 1
	}
	p.outcomeLine("Total", sum, share, "Each row of the input has exactly one outcome",
		[4]xlsx.Look{summed(wordLook), summed(countLook), summed(shareLook), totalMeaning})
	if len(shown) > 0 {
		p.chart(shown, first)
	}
}

// bars draws the shares behind their figures.
func (p *page) bars(first, last int) {
	p.do(p.book.file.SetConditionalFormat(report.SummarySheet, fmt.Sprintf("D%d:D%d", first, last), []excelize.ConditionalFormatOptions{{
		Type: "data_bar", Criteria: "=", MinType: "num", MinValue: "0", MaxType: "num", MaxValue: "1", BarColor: "#" + barInk, BarSolid: true,
	}}))
}

func (p *page) outcomeLine(word string, rows, share any, meaning string, as [4]xlsx.Look) {
	p.put("B", word, as[0])
	p.put("C", rows, as[1])
	p.put("D", share, as[2])
	p.put("E", meaning, as[3])
}

// facts writes who did what to which tenant, when, and what it took.
func (p *page) facts() {
	for _, group := range p.book.run.Facts(p.book.options) {
		p.section(group.Name)
		for _, f := range group.All {
			p.fact(f.Label, f.Value)
		}
	}
}

// fact writes a label and its value; a blank value is said to be one.
func (p *page) fact(label string, value any) {
	height, as := 1, factLook
	switch v := value.(type) {
	case string:
		value, height = cmp.Or(v, "–"), xlsx.Lines(v, width(2, 6))
	case int:
		as.Format = countLook.Format
	case float64:
		as.Format = tenths
	}
	p.next(height)
	p.span("A", "B", label, labelLook)
	p.span("C", "F", value, as)
}
