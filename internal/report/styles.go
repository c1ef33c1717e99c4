package report

import (
	"errors"

	"github.com/xuri/excelize/v2"

	"taskrecon/internal/diff"
)

// font is one that every office has, or has the metrics of.
const font = "Arial"

const (
	ink     = "1A1A1A"
	paper   = "FFFFFF"
	dim     = "767676"
	navy    = "1F3864"
	rule    = "D0D5DB"
	linkInk = "0B5394"
	barInk  = "BFD3EA"
)

// look is how an outcome is shown. The word itself stands in the cell, alone and exact, so colour is never
// the only sign; the solid colours are those of Okabe and Ito, the tints are theirs made light.
type look struct {
	symbol string // beside the word on the Summary
	solid  string // chart and swatch
	over   string // ink on solid
	tint   string // behind the word in a table, under dark ink
	bold   bool   // for what needs attention
	italic bool   // for what never had its turn
}

var looks = map[diff.Outcome]look{
	diff.Applied:   {symbol: "✓", solid: "009E73", over: ink, tint: "CDEBDF"},
	diff.Differs:   {symbol: "≠", solid: "F0E442", over: ink, tint: "FAF3A8", bold: true},
	diff.Unchanged: {symbol: "=", solid: "C4CDD5", over: ink, tint: "EEF1F4"},
	diff.Failed:    {symbol: "✗", solid: "D55E00", over: ink, tint: "F2A477", bold: true},
	diff.Conflict:  {symbol: "⇄", solid: "CC79A7", over: ink, tint: "E6B8D0", bold: true},
	diff.NotFound:  {symbol: "∅", solid: "E69F00", over: ink, tint: "FBD891", bold: true},
	diff.WrongType: {symbol: "◇", solid: "56B4E9", over: ink, tint: "BBE0F7", bold: true},
	diff.Invalid:   {symbol: "!", solid: "8C4A1F", over: paper, tint: "D3A98C", bold: true},
	diff.Blocked:   {symbol: "■", solid: "4D4D4D", over: paper, tint: "B5B5B5", bold: true},
	diff.NotSent:   {symbol: "○", solid: "9A9A9A", over: ink, tint: "E2E2E2", italic: true},
	diff.Unknown:   {symbol: "?", solid: "0072B2", over: paper, tint: "8FC1E3", bold: true},
	wouldChange:    {symbol: "→", solid: "7FCFB4", over: ink, tint: "DDF2EA"},
}

// styles are the workbook's cell styles, by use.
type styles struct {
	header, headerRight, headerIn                int
	text, wrap, number, elapsed, time            int
	wrapLink, numberLink, attentionLink          int
	title, good, bad, section, attention, note   int
	label, fact, count, share, meaning           int
	zeroCount, zeroShare, zeroMeaning, zeroWord  int
	zeroSwatch                                   int
	totalWord, totalCount, totalShare, totalFill int
	outcome, outcomeLink, swatch, word           map[diff.Outcome]int
}

// stylist makes styles and keeps the first error.
type stylist struct {
	file *excelize.File
	err  error
}

// trait is a style's few differences from plain text.
type trait struct {
	size           float64
	bold, italic   bool
	underlined     bool
	ink, fill      string
	format         string
	wrap, lined    bool
	across, upward string
	indent         int
}

func (s *stylist) make(c trait) int {
	if c.ink == "" {
		c.ink = ink
	}
	if c.size == 0 {
		c.size = 10
	}
	if c.upward == "" {
		c.upward = "top"
	}
	style := &excelize.Style{
		Font:      &excelize.Font{Family: font, Size: c.size, Bold: c.bold, Italic: c.italic, Color: c.ink},
		Alignment: &excelize.Alignment{WrapText: c.wrap, Vertical: c.upward, Horizontal: c.across, Indent: c.indent},
	}
	if c.underlined {
		style.Font.Underline = "single"
	}
	if c.fill != "" {
		style.Fill = excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{c.fill}}
	}
	if c.lined {
		style.Border = []excelize.Border{{Type: "bottom", Color: rule, Style: 1}}
	}
	if c.format != "" {
		style.CustomNumFmt = &c.format
	}
	id, err := s.file.NewStyle(style)
	s.err = errors.Join(s.err, err)
	return id
}

func newStyles(f *excelize.File) (styles, error) {
	s := &stylist{file: f}
	st := styles{
		header:      s.make(trait{bold: true, ink: paper, fill: navy, wrap: true, upward: "center", format: "@"}),
		headerRight: s.make(trait{bold: true, ink: paper, fill: navy, wrap: true, upward: "center", format: "@", across: "right", indent: 1}),
		headerIn:    s.make(trait{bold: true, ink: paper, fill: navy, upward: "center", across: "left", indent: 1}),
		text:        s.make(trait{format: "@", lined: true}),
		wrap:        s.make(trait{format: "@", lined: true, wrap: true}),
		number:      s.make(trait{format: "0", lined: true, across: "right", indent: 1}),
		elapsed:     s.make(trait{format: "0.0##", lined: true, across: "right", indent: 1}),
		time:        s.make(trait{format: "yyyy-mm-dd hh:mm:ss", lined: true, across: "left"}),
		wrapLink:    s.make(trait{format: "@", lined: true, wrap: true, ink: linkInk, underlined: true}),
		numberLink:  s.make(trait{format: "0", lined: true, across: "right", indent: 1, ink: linkInk, underlined: true}),

		title:         s.make(trait{size: 18, bold: true, ink: navy, upward: "center"}),
		good:          s.make(trait{size: 12, bold: true, fill: "CDEBDF", wrap: true, upward: "center", indent: 1, across: "left"}),
		bad:           s.make(trait{size: 12, bold: true, fill: "FBD891", wrap: true, upward: "center", indent: 1, across: "left"}),
		section:       s.make(trait{size: 12, bold: true, ink: navy, upward: "bottom"}),
		attention:     s.make(trait{wrap: true}),
		attentionLink: s.make(trait{wrap: true, ink: linkInk, underlined: true}),
		note:          s.make(trait{italic: true, ink: dim, wrap: true}),
		label:         s.make(trait{ink: "555555", lined: true}),
		fact:          s.make(trait{wrap: true, lined: true, across: "left"}),
	}
	st.makeCounts(s)
	st.makeOutcomes(s)
	return st, s.err
}

// makeCounts makes the styles of the Summary's table of outcomes.
func (st *styles) makeCounts(s *stylist) {
	const whole, part = "#,##0", "0.0%"
	st.count = s.make(trait{format: whole, lined: true, across: "right", indent: 1})
	st.share = s.make(trait{format: part, lined: true, across: "right", indent: 1})
	st.meaning = s.make(trait{wrap: true, lined: true, across: "left", indent: 1})
	st.zeroWord = s.make(trait{ink: dim, lined: true})
	st.zeroSwatch = s.make(trait{ink: dim, lined: true, across: "center"})
	st.zeroCount = s.make(trait{format: whole, lined: true, across: "right", indent: 1, ink: dim})
	st.zeroShare = s.make(trait{format: part, lined: true, across: "right", indent: 1, ink: dim})
	st.zeroMeaning = s.make(trait{wrap: true, lined: true, ink: dim, across: "left", indent: 1})
	const sum = "E3E8EE"
	st.totalWord = s.make(trait{bold: true, fill: sum})
	st.totalCount = s.make(trait{bold: true, fill: sum, format: whole, across: "right", indent: 1})
	st.totalShare = s.make(trait{bold: true, fill: sum, format: part, across: "right", indent: 1})
	st.totalFill = s.make(trait{fill: sum, wrap: true, across: "left", indent: 1})
}

func (st *styles) makeOutcomes(s *stylist) {
	st.outcome, st.outcomeLink = map[diff.Outcome]int{}, map[diff.Outcome]int{}
	st.swatch, st.word = map[diff.Outcome]int{}, map[diff.Outcome]int{}
	for _, o := range append(diff.Outcomes(), wouldChange) {
		l := looks[o]
		st.outcome[o] = s.make(trait{format: "@", fill: l.tint, bold: l.bold, italic: l.italic, lined: true})
		st.outcomeLink[o] = s.make(trait{format: "@", fill: l.tint, bold: l.bold, italic: l.italic, lined: true, underlined: true})
		st.swatch[o] = s.make(trait{fill: l.solid, ink: l.over, bold: true, across: "center"})
		st.word[o] = s.make(trait{format: "@", bold: true, lined: true, ink: linkInk, underlined: true})
	}
}
