package workbook

import (
	"fmt"
	"strings"

	"github.com/xuri/excelize/v2"

	"taskrecon/internal/diff"
	"taskrecon/internal/report"
	"taskrecon/internal/text"
)

// The chart is in column F beside the table of outcomes, in pixels.
const (
	chartWidth  = 320
	chartHeight = 272
)

// chart draws the outcomes that occurred, whose rows begin at first. The table to its left is its
// legend, with the same colours; the alternative text says the figures.
func (p *page) chart(shown []diff.Outcome, first int) {
	run := p.book.run
	last := first + len(shown) - 1
	points := make([]excelize.ChartDataPoint, len(shown))
	said := make([]string, len(shown))
	for i, o := range shown {
		points[i] = excelize.ChartDataPoint{Index: i, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{report.Looks[o].Solid}}}
		said[i] = fmt.Sprintf("%s %s", text.Grouped(run.Outcomes[o]), o)
	}
	words := func(s string, size float64) []excelize.RichTextRun {
		return []excelize.RichTextRun{{Text: s, Font: &excelize.Font{Family: font, Size: size, Bold: true, Color: report.Ink}}}
	}
	p.do(p.book.file.AddChart(report.SummarySheet, fmt.Sprintf("F%d", first-1), &excelize.Chart{
		Type: excelize.Doughnut,
		Series: []excelize.ChartSeries{{
			Name:       "Rows by outcome",
			Categories: fmt.Sprintf("%s!$B$%d:$B$%d", report.SummarySheet, first, last),
			Values:     fmt.Sprintf("%s!$C$%d:$C$%d", report.SummarySheet, first, last),
			DataPoint:  points,
		}},
		Title:     excelize.ChartTitle{Paragraph: words(text.Count(run.Rows, "row")+" by outcome", 11)},
		Legend:    excelize.ChartLegend{Position: "bottom", Font: &excelize.Font{Family: font, Size: 9, Color: report.Ink}},
		HoleSize:  58,
		Dimension: excelize.ChartDimension{Width: chartWidth, Height: chartHeight},
		Border:    excelize.LineOptions{Type: excelize.LineNone},
		Format: excelize.GraphicOptions{
			Name:    "Outcomes",
			AltText: "Doughnut chart of the rows by outcome: " + strings.Join(said, ", ") + ".",
			OffsetX: 8, OffsetY: 2, Positioning: "oneCell", PrintObject: new(true), LockAspectRatio: true,
		},
	}))
}
