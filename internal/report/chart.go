package report

import (
	"fmt"
	"strings"

	"github.com/xuri/excelize/v2"

	"taskrecon/internal/diff"
)

// The chart stands in column F beside the table of outcomes, in pixels.
const (
	chartWidth  = 320
	chartHeight = 272
)

// chart draws the outcomes that occurred, whose rows begin at first. The table to its left is its
// legend, with the same colours; the alternative text says the figures.
func (p *page) chart(shown []diff.Outcome, n figures, first int) {
	last := first + len(shown) - 1
	points := make([]excelize.ChartDataPoint, len(shown))
	said := make([]string, len(shown))
	for i, o := range shown {
		points[i] = excelize.ChartDataPoint{Index: i, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{looks[o].solid}}}
		said[i] = fmt.Sprintf("%s %s", grouped(n.outcomes[o]), o)
	}
	words := func(text string, size float64) []excelize.RichTextRun {
		return []excelize.RichTextRun{{Text: text, Font: &excelize.Font{Family: font, Size: size, Bold: true, Color: ink}}}
	}
	p.do(p.book.file.AddChart(summarySheet, fmt.Sprintf("F%d", first-1), &excelize.Chart{
		Type: excelize.Doughnut,
		Series: []excelize.ChartSeries{{
			Name:       "Rows by outcome",
			Categories: fmt.Sprintf("%s!$B$%d:$B$%d", summarySheet, first, last),
			Values:     fmt.Sprintf("%s!$C$%d:$C$%d", summarySheet, first, last),
			DataPoint:  points,
		}},
		Title:     excelize.ChartTitle{Paragraph: words(plural(n.rows, "row")+" by outcome", 11)},
		Legend:    excelize.ChartLegend{Position: "bottom", Font: &excelize.Font{Family: font, Size: 9, Color: ink}},
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
