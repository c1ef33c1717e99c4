package workbook

import (
	"cmp"

	"taskrecon/internal/diff"
	"taskrecon/internal/report"
	"taskrecon/internal/xlsx"
)

// font is one that every office has, or has the metrics of.
const font = "Arial"

const (
	dim     = "767676"
	navy    = "1F3864"
	rule    = "D0D5DB"
	linkInk = "0B5394"
	barInk  = "BFD3EA"
	sumFill = "E3E8EE"
	tenths  = "#,##0.0"
)

// The looks of tables.
var (
	header      = xlsx.Look{Bold: true, Ink: report.Paper, Fill: navy, Wrap: true, Upward: "center", Format: "@"}
	headerRight = xlsx.Look{Bold: true, Ink: report.Paper, Fill: navy, Wrap: true, Upward: "center", Format: "@", Across: "right", Indent: 1}
	headerIn    = xlsx.Look{Bold: true, Ink: report.Paper, Fill: navy, Upward: "center", Across: "left", Indent: 1}

	looksOfKinds = map[kind]xlsx.Look{
		word:    {Format: "@", Rule: rule},
		prose:   {Format: "@", Rule: rule, Wrap: true},
		kept:    {Format: "@", Rule: rule, Wrap: true},
		verdict: {Format: "@", Rule: rule},
		number:  {Format: "0", Rule: rule, Across: "right", Indent: 1},
		elapsed: {Format: "0.0##", Rule: rule, Across: "right", Indent: 1},
		instant: {Format: "yyyy-mm-dd hh:mm:ss", Rule: rule, Across: "left"},
	}
)

// The looks of the Summary.
var (
	titleLook = xlsx.Look{Size: 18, Bold: true, Ink: navy, Upward: "center"}
	good      = xlsx.Look{Size: 12, Bold: true, Fill: "CDEBDF", Wrap: true, Upward: "center", Indent: 1, Across: "left"}
	bad       = xlsx.Look{Size: 12, Bold: true, Fill: "FBD891", Wrap: true, Upward: "center", Indent: 1, Across: "left"}
	section   = xlsx.Look{Size: 12, Bold: true, Ink: navy, Upward: "bottom"}
	attention = xlsx.Look{Wrap: true}
	note      = xlsx.Look{Italic: true, Ink: dim, Wrap: true}
	labelLook = xlsx.Look{Ink: "555555", Rule: rule}
	factLook  = xlsx.Look{Wrap: true, Rule: rule, Across: "left"}

	symbolLook   = xlsx.Look{Rule: rule, Across: "center"}
	wordLook     = xlsx.Look{Rule: rule}
	outcomeWord  = xlsx.Look{Format: "@", Bold: true, Rule: rule, Ink: linkInk, Underlined: true}
	countLook    = xlsx.Look{Format: "#,##0", Rule: rule, Across: "right", Indent: 1}
	shareLook    = xlsx.Look{Format: "0.0%", Rule: rule, Across: "right", Indent: 1}
	meaning      = xlsx.Look{Wrap: true, Rule: rule, Across: "left", Indent: 1}
	totalMeaning = xlsx.Look{Fill: sumFill, Wrap: true, Across: "left", Indent: 1}
)

// outcomeLook is how an outcome looks in a table, and swatch what is beside its word on the Summary.
func outcomeLook(o diff.Outcome) xlsx.Look {
	l := report.Looks[o]
	return xlsx.Look{Format: "@", Fill: l.Tint, Bold: l.Bold, Italic: l.Italic, Rule: rule}
}

func swatch(o diff.Outcome) xlsx.Look {
	l := report.Looks[o]
	return xlsx.Look{Fill: l.Solid, Ink: l.Over, Bold: true, Across: "center"}
}

// linking is the look of cells that lead somewhere. On a tint the ink stays dark.
func linking(l xlsx.Look) xlsx.Look {
	if l.Underlined = true; l.Fill == "" {
		l.Ink = linkInk
	}
	return l
}

// dimmed is the look of what did not occur, and summed that of sums.
func dimmed(l xlsx.Look) xlsx.Look {
	l.Ink = dim
	return l
}

func summed(l xlsx.Look) xlsx.Look {
	l.Bold, l.Fill, l.Rule = true, sumFill, ""
	return l
}

// style is the workbook's style of a look.
func (b *book) style(l xlsx.Look) int {
	l.Family, l.Size, l.Ink, l.Upward = font, cmp.Or(l.Size, 10), cmp.Or(l.Ink, report.Ink), cmp.Or(l.Upward, "top")
	return b.styles.Of(l)
}
