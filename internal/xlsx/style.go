package xlsx

import (
	"errors"

	"github.com/xuri/excelize/v2"
)

// Look is how cells look. The zero value is a spreadsheet's own; colours are six hexadecimal digits.
type Look struct {
	Family                   string // of the font
	Size                     float64
	Bold, Italic, Underlined bool
	Ink, Fill                string
	Format                   string // of numbers; "@" is text
	Across, Upward           string // alignment
	Indent                   int
	Wrap                     bool
	Rule                     string // colour of a line below
	Edge                     string // colour of lines on all sides
}

// Styles are a workbook's styles by look.
type Styles struct {
	file *excelize.File
	made map[Look]int
	err  error
}

// NewStyles has none yet.
func NewStyles(f *excelize.File) *Styles { return &Styles{file: f, made: map[Look]int{}} }

// Err is the first error of Of.
func (s *Styles) Err() error { return s.err }

// Of is the style of a look, which it makes when it is first asked for.
func (s *Styles) Of(l Look) int {
	if id, made := s.made[l]; made {
		return id
	}
	style := &excelize.Style{
		Font:      &excelize.Font{Family: l.Family, Size: l.Size, Bold: l.Bold, Italic: l.Italic, Color: l.Ink},
		Alignment: &excelize.Alignment{WrapText: l.Wrap, Vertical: l.Upward, Horizontal: l.Across, Indent: l.Indent},
	}
	if l.Underlined {
		style.Font.Underline = "single"
	}
	if l.Fill != "" {
		style.Fill = excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{l.Fill}}
	}
	if l.Rule != "" {
		style.Border = append(style.Border, excelize.Border{Type: "bottom", Color: l.Rule, Style: 1})
	}
	for _, side := range []string{"left", "right", "top", "bottom"} {
		if l.Edge != "" {
			style.Border = append(style.Border, excelize.Border{Type: side, Color: l.Edge, Style: 1})
		}
	}
	if l.Format != "" {
		style.CustomNumFmt = &l.Format
	}
	id, err := s.file.NewStyle(style)
	s.err = errors.Join(s.err, err)
	s.made[l] = id
	return id
}
